using static GpuSvm.Mm.Tests.MigrationSteps;

namespace GpuSvm.Mm.Tests;

/// <summary>The rows of hmm_range_fault's table for pages that are not at home, with exact bits and where the page is afterwards.</summary>
public sealed class HmmDevicePageTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private const ulong Valid = 1UL << 63;
    private const ulong Write = 1UL << 62;
    private const ulong Request = 1UL << 63;
    private const ulong RequestWrite = 3UL << 62;
    private readonly TestMachine _m = new(pooled: 3000);
    private readonly IntervalNotifier _notifier = new(new RecordingMirror("asker"));

    public HmmDevicePageTests() => _m.Mm.Notifiers.Insert(_notifier, new AddressRange(0UL, 0x100000UL));

    public void Dispose()
    {
        _m.Mm.Notifiers.Remove(_notifier);
        _m.Dispose();
    }

    [Theory]
    [InlineData(0UL, Protection.ReadWrite, Valid | Write)]
    [InlineData(Request, Protection.ReadWrite, Valid | Write)]
    [InlineData(RequestWrite, Protection.ReadWrite, Valid | Write)]
    [InlineData(0UL, Protection.Read, Valid)]
    [InlineData(Request, Protection.Read, Valid)]
    [InlineData(RequestWrite, Protection.Read, Valid)]
    public void A_page_in_the_owners_private_memory_never_faults(ulong request, Protection protection, ulong bits)
    {
        TestDevice device = Away(DevicePageKind.Private);
        _m.Protect(Base, 1, protection);
        FrameNumber frame = Entry().Frame;

        Assert.Equal((Errno.None, bits | frame.Value), Ask(request, device.Owner));

        Assert.Equal((true, 0), (Entry().IsDevicePrivate, device.Faults.Count));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_page_in_private_memory_of_another_comes_home_when_it_is_wanted(bool asksForNobody)
    {
        TestDevice device = Away(DevicePageKind.Private);
        object? owner = asksForNobody ? null : this;

        Assert.Equal((Errno.None, 0UL), Ask(0, owner));
        Assert.True(Entry().IsDevicePrivate);
        Assert.Equal(Errno.EBUSY, Ask(Request, owner).Error);
        Assert.Equal((Errno.None, Valid | Write | Entry().Frame.Value), Ask(Request, owner));

        Assert.Equal((true, 1, 0L), (Entry().IsWritable, device.Faults.Count, device.Pagemap.UsedFrames));
        Assert.Equal(42UL, _m.Thread.Load<ulong>(Base));
    }

    [Fact]
    public void A_page_of_another_that_may_not_be_written_is_EPERM_and_stays()
    {
        TestDevice device = Away(DevicePageKind.Private);
        _m.Protect(Base, 1, Protection.Read);

        Assert.Equal((Errno.EPERM, RequestWrite), Ask(RequestWrite, this));

        Assert.Equal((true, 0), (Entry().IsDevicePrivate, device.Faults.Count));
    }

    [Fact]
    public void A_page_that_does_not_come_home_is_EFAULT_and_stays_a_request()
    {
        TestDevice device = Away(DevicePageKind.Private);
        device.OnFault = _ => Errno.ENOMEM;

        Assert.Equal((Errno.EFAULT, Request), Ask(Request, this));

        Assert.True(Entry().IsDevicePrivate);
    }

    [Fact]
    public void A_page_of_another_that_always_comes_back_is_EBUSY_in_the_end()
    {
        TestDevice device = Away(DevicePageKind.Private);
        device.OnFault = _ => Errno.None;

        Assert.Equal(Errno.EBUSY, Ask(Request, this).Error);

        Assert.Equal(16, device.Faults.Count);
    }

    [Fact]
    public void A_page_that_is_locked_by_another_device_is_waited_for()
    {
        TestDevice device = Away(DevicePageKind.Private);
        FrameNumber frame = Entry().Frame;
        _m.Frames.Lock(frame);
        SvmThread asker = SvmThread.Start("asker", () => Assert.Equal(Errno.EBUSY, Ask(Request, this).Error));
        Assert.Empty(device.Faults);
        _m.Frames.Unlock(frame);
        asker.Join();

        Assert.Equal((1, true), (device.Faults.Count, Entry().IsPresent));
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(RequestWrite)]
    public void A_page_that_the_CPU_reaches_in_a_device_is_a_page_like_any_other(ulong request)
    {
        Away(DevicePageKind.Coherent);

        Assert.Equal((Errno.None, Valid | Write | Entry().Frame.Value), Ask(request, null));
    }

    [Theory]
    [InlineData(0UL, Errno.None, 0UL)]
    [InlineData(Request, Errno.EFAULT, Request)]
    [InlineData(RequestWrite, Errno.EFAULT, RequestWrite)]
    public void A_page_whose_bytes_are_lost(ulong request, Errno error, ulong bits)
    {
        _m.MapAt(Base, 1);
        CpuLeaf leaf = _m.Mm.PageTable.GetOrAdd(Base);
        using (leaf.Lock.Enter())
        {
            leaf.Enter(Base, CpuPte.Poisoned);
        }

        Assert.Equal((error, bits), Ask(request, this));
    }

    [Fact]
    public void A_page_that_is_being_moved_to_the_owner_is_waited_for_and_found_there()
    {
        TestDevice device = Device(DevicePageKind.Private);
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 42UL);
        var migration = new MigrateVma(_m.Mm, 1);
        Assert.Equal(Errno.None, migration.SetUp(_m.Mm, Base, 1, device.Owner));
        Beside(() => Assert.Equal((Errno.None, 0UL), Ask(0, device.Owner)));
        (Errno, ulong) answer = default;
        SvmThread asker = SvmThread.Start("asker", () => answer = Ask(Request, device.Owner));
        device.Fill(migration.Source, migration.Destination);
        migration.MigratePages();
        Assert.Equal(1, migration.Complete());
        asker.Join();

        Assert.Equal((Errno.None, Valid | Write | Entry().Frame.Value), answer);
        Assert.True(Entry().IsDevicePrivate);
    }

    [Theory]
    [InlineData(0, 0x1234UL, 100, 1)]
    [InlineData(9, 0x200UL, 1000, 512)]
    [InlineData(9, 0x2ffUL, 1000, 257)]
    [InlineData(9, 0x2ffUL, 256, 256)]
    [InlineData(2, 7UL, 9, 1)]
    public void A_block_ends_where_it_ends_or_where_the_range_does(int order, ulong frame, int limit, int pages) =>
        Assert.Equal(pages, new HmmPfn(Valid | ((ulong)order << 53) | frame).PagesOfBlock(limit));

    private TestDevice Device(DevicePageKind kind) => new(_m.Frames, kind);

    private TestDevice Away(DevicePageKind kind)
    {
        TestDevice device = Device(kind);
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 42UL);
        Assert.Equal((Errno.None, 1), device.MoveIn(_m.Mm, Base, 1));
        return device;
    }

    private CpuPte Entry() => _m.Mm.PageTable.Read(Base);

    private (Errno Error, ulong Bits) Ask(ulong request, object? owner)
    {
        HmmPfn[] pfns = [new HmmPfn(request)];
        Assert.True(_notifier.TryReadBegin(_m.Mm.Clock.After(Deadline.Default), out long sequence));
        var range = new HmmRange
        {
            Notifier = _notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            FlagsMask = HmmPfn.RequestFault | HmmPfn.RequestWrite,
            Pfns = pfns,
            Owner = owner,
        };
        using (_m.Mm.MmapLock.EnterShared())
        {
            return (HmmRangeFault.Fault(_m.Mm, ref range), pfns[0].Bits);
        }
    }
}
