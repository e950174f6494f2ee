using System.Globalization;
using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Telemetry;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>What a session says and asks of its pages: rights, advice, moves, pins, where they are, and what has happened.</summary>
internal sealed class PageCalls : ILiveProgram
{
    private const int Pages = 512;
    private static readonly ByteSize Size = Pages * Page.Size;

    /// <inheritdoc/>
    public string Name => "page-calls";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        var events = new EventStream(1 << 16);
        await using (SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { VideoMemory = ByteSize.MiB(64), Events = events }))
        {
            VirtualAddress start = svm.MapAligned(Pages);
            for (int page = 0; page < Pages; page++)
            {
                svm.Word(start, page) = page;
            }

            await MoveAsync(svm, start);
            await PinAsync(svm, start);
            await AdviseAsync(svm, start);
            await ProtectAsync(svm, start);
            Misuse(svm, start);
            for (int page = 0; page < Pages; page++)
            {
                Check.Equal(page + (page == 9 ? 2 : 1), svm.Word(start, page), $"page {page}");
            }
        }

        var happened = new SvmEvent[1 << 16];
        int count = events.Drain(happened);
        Check.Equal(0, events.Dropped, "events dropped");
        Check.That(happened.Take(count).Any(one => one.Kind == EventKind.Migration && one.Direction == EventDirection.ToDevice), "A move was told.");
        Check.That(happened.Take(count).Any(one => one.Kind == EventKind.Batch), "A batch of faults was told.");
        await output.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{count} events"));
    }

    private static async Task MoveAsync(SvmSession svm, VirtualAddress start)
    {
        Check.Equal(new MigrationResult(Pages, Errno.None), await svm.TryMigrateToDeviceAsync(start, Size), "all moved");
        Check.Equal(new MigrationResult(0, Errno.EINVAL), await svm.TryMigrateToDeviceAsync(start, 0), "nothing to move");
        Check.Equal(0, svm.Word(start, 0), "the first page at home");
        IReadOnlyList<PageResidencyRun> runs = await svm.ResidencyAsync(start, Size);
        Check.Equal(16UL, runs[0].Range.PageCount, "pages at home");
        Check.Equal(PagePlacement.SystemMemory, runs[0].Residency.Placement, "where the first are");
        Check.Equal(
            new PageResidencyRun(
                new AddressRange(start + (16 * Page.Size), start + Size.Bytes),
                new PageResidency(PagePlacement.DeviceMemory, Protection.None, Protection.ReadWrite)),
            runs[^1],
            "where the others are");
        (await svm.AddAsync(start, Pages, 1)).ThrowIfFailed();
        IReadOnlyList<RangeResidency> ranges = await svm.RangesAsync();
        Check.Equal(Pages, ranges.Where(range => range.Range.Start >= start).Sum(range => range.MappedPages), "pages that ranges map");
        MigrationCounters moved = (await svm.CountersAsync()).Migration;
        Check.Equal((Pages, 16L), (moved.PagesToDeviceByRequest, moved.PagesHomeByFault), "pages moved");
    }

    private static async Task PinAsync(SvmSession svm, VirtualAddress start)
    {
        using (svm.Pin(start + (3 * Page.Size) + 5, 100))
        using (svm.Pin(start + (40 * Page.Size), 2 * Page.Size))
        {
            MigrationResult moved = await svm.TryMigrateToDeviceAsync(start, Size);
            Check.Equal(Errno.None, moved.Error, "the move of all but the pinned");
            foreach (int page in (int[])[3, 40, 41])
            {
                Check.Equal(PagePlacement.SystemMemory, (await svm.ResidencyAsync(start + ((ulong)page * Page.Size))).Placement, $"pinned page {page}");
            }

            Check.Equal(PagePlacement.DeviceMemory, (await svm.ResidencyAsync(start + (42 * Page.Size))).Placement, "a page that is not pinned");
        }

        Check.Equal(new MigrationResult(3, Errno.None), await svm.TryMigrateToDeviceAsync(start, Size), "pages that were pinned");
        SvmBuffer<long> brief = svm.Allocate<long>(1000);
        IDisposable pin = brief.Pin();
        brief.Dispose();
        pin.Dispose();
        pin.Dispose();
    }

    private static async Task AdviseAsync(SvmSession svm, VirtualAddress start)
    {
        svm.Advise(start + (100 * Page.Size), 2 * Page.Size, MemoryAdvice.PreferHost);
        string said = string.Join(' ', svm.GetAdvice(start, Size).Select(run => $"{run.Range.PageCount} {run.Advice}"));
        Check.Equal("100 None 2 PreferHost 410 None", said, "what was said");
        (await svm.AddAsync(start + (100 * Page.Size), 1, 0)).ThrowIfFailed();
        Check.Equal(PagePlacement.SystemMemory, (await svm.ResidencyAsync(start + (100 * Page.Size))).Placement, "a page that prefers the host");
    }

    private static async Task ProtectAsync(SvmSession svm, VirtualAddress start)
    {
        VirtualAddress page = start + (9 * Page.Size);
        svm.Protect(page, Page.Size, Protection.Read);
        Check.Equal(10, svm.Word(start, 9), "a page that may be read");
        LaunchResult refused = await svm.AddAsync(page, 1, 1);
        Check.Equal(LaunchStatus.Faulted, refused.Status, "a store of the GPU to a page that may be read");
        svm.Protect(page, Page.Size, Protection.None);
        Check.Equal(LaunchStatus.Faulted, (await svm.AddAsync(page, 1, 1)).Status, "a load of a page that may not be used");
        svm.Protect(page, Page.Size, Protection.ReadWrite);
        (await svm.AddAsync(page, 1, 1)).ThrowIfFailed();
    }

    private static void Misuse(SvmSession svm, VirtualAddress start)
    {
        Check.Equal(Errno.EINVAL, svm.TryProtect(start + 1, 1, Protection.Read), "an unaligned range");
        Check.Equal(Errno.EINVAL, svm.TryProtect(start, 0, Protection.Read), "an empty range");
        Check.Equal(Errno.ENOMEM, svm.TryProtect(0x1000, 1, Protection.Read), "somebody else's memory");
        Check.Equal(Errno.EINVAL, svm.TryAdvise(start + 1, 1, MemoryAdvice.None), "advice for an unaligned range");
        Check.Equal(Errno.ENOMEM, svm.TryAdvise(0x1000, 1, MemoryAdvice.None), "advice for somebody else's memory");
        foreach (ulong size in (ulong[])[0, 1UL << 63, ulong.MaxValue - 4096, ulong.MaxValue])
        {
            DemandMisuse(() => svm.Unmap(start, size), $"unmapping {size} bytes");
            DemandMisuse(() => svm.Pin(start, size), $"a pin of {size} bytes");
            DemandMisuse(() => svm.GetAdvice(start, size), $"what was said of {size} bytes");
            Check.Equal(Errno.EINVAL, svm.TryAdvise(start, size, MemoryAdvice.None), $"advice for {size} bytes");
        }

        DemandMisuse(() => svm.Pin(ulong.MaxValue - 4, 4), "a pin of the last page of all");
        Check.Equal(
            new MigrationResult(0, Errno.EINVAL), svm.TryMigrateToDeviceAsync(ulong.MaxValue - 4, 4).GetAwaiter().GetResult(), "a move of that");
        try
        {
            svm.Allocate<long>(long.MaxValue);
            throw new CheckFailedException("More was allocated than there can be.");
        }
        catch (SvmException refused)
        {
            Check.Equal(Errno.ENOMEM, refused.Error, "more than there can be");
        }
    }

    private static void DemandMisuse(Action call, string what)
    {
        try
        {
            call();
        }
        catch (ArgumentException)
        {
            return;
        }

        throw new CheckFailedException($"{what} was no misuse");
    }
}
