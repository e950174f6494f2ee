using GpuSvm.Driver.Tests.Infrastructure;
using GpuSvm.Telemetry;

namespace GpuSvm.Driver.Tests;

/// <summary>What the driver tells a stream of events, and in which words.</summary>
public sealed class EventTests
{
    [Fact]
    public void The_words_of_a_stream_are_those_of_accesses_and_changes_in_their_order()
    {
        Assert.Equal(Enum.GetNames<FaultAccess>(), NamesFrom(EventCause.Read, Enum.GetValues<FaultAccess>().Length));
        Assert.Equal(Enum.GetNames<InvalidationCause>(), NamesFrom(EventCause.Unmap, Enum.GetValues<InvalidationCause>().Length));
    }

    [Fact]
    public void A_batch_is_told_from_fetch_to_replay_with_the_entries_that_were_flushed()
    {
        var events = new EventStream(64);
        using var d = new DriverFixture(new SvmDriverOptions { Events = events, BatchSize = 2 });
        VirtualAddress page = d.Map(1);
        d.Fault(page, FaultAccess.Read);
        d.Fault(page + 4, FaultAccess.Write);
        d.Fault(page + 8, FaultAccess.Read);

        d.Driver.ServiceFaults();

        SvmEvent[] told = [.. Drain(events).Where(happened => happened.Kind is EventKind.Batch or EventKind.Flush)];
        Assert.Equal(
            ["Batch Begin 1 2", "Flush Instant 0 1", "Batch End 1 0"],
            told.Select(happened => $"{happened.Kind} {happened.Phase} {happened.Id} {happened.Count}"));
        Assert.All(told, happened => Assert.Equal(EventTrack.Worker(0), happened.Track));
    }

    [Fact]
    public void Each_block_of_a_batch_is_told_with_its_worker_its_client_and_its_faults()
    {
        var events = new EventStream(64);
        using var d = new DriverFixture(new SvmDriverOptions { Events = events });
        VirtualAddress pages = d.Map(1024);
        ulong block = HugePage.AlignDown(pages.Value + HugePage.Size);
        d.Fault(block, FaultAccess.Read);
        d.Fault(block + Page.Size, FaultAccess.Read);
        d.Fault(block - Page.Size, FaultAccess.Read);

        d.Driver.ServiceFaults();

        SvmEvent[] services = [.. Drain(events).Where(told => told.Kind == EventKind.Service)];
        Assert.Equal(
            [
                $"Begin {block - HugePage.Size:x} {HugePage.Size} 1 1", $"End {block - HugePage.Size:x} 0 0 0",
                $"Begin {block:x} {HugePage.Size} 2 1", $"End {block:x} 0 0 0",
            ],
            services.Select(told => $"{told.Phase} {told.Address:x} {told.Bytes} {told.Count} {told.Link}"));
        Assert.All(services, told => Assert.Equal(EventTrack.Worker(0), told.Track));
        Assert.Equal([d.Client.Root.Address, 0, d.Client.Root.Address, 0], services.Select(told => told.Client));
    }

    [Theory]
    [InlineData("per-fault")]
    [InlineData("vma-sized")]
    [InlineData("table-aligned")]
    public void An_unmap_is_told_with_its_range_its_cause_and_the_pages_that_were_dropped(string strategy)
    {
        var events = new EventStream(64);
        using var d = new DriverFixture(new SvmDriverOptions { Events = events, Strategy = MirrorStrategies.All.Single(one => one.Key == strategy).Value });
        VirtualAddress pages = d.Map(3);
        d.Fault(pages, FaultAccess.Read);
        d.Fault(pages + Page.Size, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Drain(events);

        d.Mm.Unmap(pages, 3 * Page.Size);

        SvmEvent[] told = Drain(events);
        Assert.Equal([EventPhase.Begin, EventPhase.End], told.Select(happened => happened.Phase));
        Assert.All(told, happened => Assert.Equal(
            (EventKind.Invalidation, EventTrack.CurrentThread, pages.Value), (happened.Kind, happened.Track, happened.Address)));
        Assert.Equal(
            (EventCause.Unmap, 3 * Page.Size, d.Client.Root.Address, 2), (told[0].Cause, told[0].Bytes, told[0].Client, told[1].Count));
    }

    [Fact]
    public void A_migration_is_told_around_the_invalidation_that_it_makes()
    {
        var events = new EventStream(64);
        using var d = new DriverFixture(new SvmDriverOptions { Events = events });
        VirtualAddress pages = d.Map(2);
        d.Cpu.Thread(0).Store(pages, 1UL);
        d.Fault(pages, FaultAccess.Read);
        d.Driver.ServiceFaults();
        Drain(events);

        d.Driver.Migrate(d.Client, AddressRange.FromLength(pages, 2 * Page.Size));

        Assert.Equal(
            ["Migration Begin Requested InSystem 0", "Invalidation Begin Migrate None 0", "Invalidation End None None 1", "Migration End None None 1"],
            Drain(events).Select(told => $"{told.Kind} {told.Phase} {told.Cause} {told.Direction} {told.Count}"));
    }

    [Fact]
    public void Pages_that_move_to_the_device_and_home_are_told_once_each_with_their_cause()
    {
        var events = new EventStream(256);
        using var d = new VideoFixture(new SvmDriverOptions { Events = events });
        d.Map(0, 8);
        d.Bind(0, 8);
        d.Read(5);
        d.Driver.Suspend();
        d.Driver.Resume();

        SvmEvent[] told = [.. Drain(events).Where(happened => happened.Kind == EventKind.Migration)];
        Assert.Equal(
            [
                $"Begin {VideoFixture.At(0)} 8 Requested ToDevice 0", $"End {VideoFixture.At(0)} 0 None None 8",
                $"Begin {VideoFixture.At(4)} 4 CpuFault ToSystem 0", $"End {VideoFixture.At(4)} 0 None None 4",
                $"Begin {VideoFixture.At(0)} 8 Eviction ToSystem 0", $"End {VideoFixture.At(0)} 0 None None 4",
            ],
            told.Select(at => $"{at.Phase} {at.Address} {at.Bytes / Page.Size} {at.Cause} {at.Direction} {at.Count}"));
        Assert.All(told, at => Assert.Equal(EventTrack.CurrentThread, at.Track));
    }

    [Fact]
    public void Each_copy_is_told_within_the_migration_that_asked_for_it()
    {
        var events = new EventStream(256);
        using var d = new VideoFixture(new SvmDriverOptions { Events = events });
        d.Map(0, 8, written: 6);
        Drain(events);

        d.Bind(0, 8);
        Assert.Equal(
            ["Migration Begin ToDevice 8", .. Copies("None 2", 1), .. Copies("ToDevice 6", 1), "Migration End None 0"],
            MovesAndCopies(events));
        d.Read(5);
        Assert.Equal(["Migration Begin ToSystem 4", .. Copies("ToSystem 1", 4), "Migration End None 0"], MovesAndCopies(events));
    }

    private static IEnumerable<string> Copies(string what, int count) =>
        Enumerable.Range(0, 2 * count).Select(i => $"Copy {(i % 2 == 0 ? "Begin" : "End")} {what}");

    private static IEnumerable<string> MovesAndCopies(EventStream events) =>
        Drain(events).Where(told => told.Kind is EventKind.Migration or EventKind.Copy)
            .Select(told => $"{told.Kind} {told.Phase} {told.Direction} {told.Bytes / Page.Size}");

    private static IEnumerable<string> NamesFrom(EventCause first, int count) =>
        Enumerable.Range((int)first, count).Select(number => Enum.GetName((EventCause)number)!);

    private static SvmEvent[] Drain(EventStream events)
    {
        var told = new SvmEvent[256];
        return told[..events.Drain(told)];
    }
}
