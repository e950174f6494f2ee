namespace GpuSvm.Mm.Tests;

/// <summary>A device with memory of its own, which pages are moved to and come home from.</summary>
internal sealed class TestDevice : IDevicePagemapOwner
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Dictionary<ulong, byte[]> _bytes = [];
    private readonly List<FrameNumber> _free = [];
    private readonly PageFrames _frames;

    public TestDevice(PageFrames frames, DevicePageKind kind = DevicePageKind.Private, ulong pages = 64, object? owner = null)
    {
        _frames = frames;
        Assert.Equal(Errno.None, frames.TryAddDevice(kind, pages, this, owner ?? this, out DevicePagemap? pagemap));
        Pagemap = pagemap!;
        for (ulong i = pages; i > 0; i--)
        {
            _free.Add(pagemap!.FirstFrame + (i - 1));
        }
    }

    public DevicePagemap Pagemap { get; }

    public object Owner => Pagemap.Owner;

    public MigrateSelect OwnPages =>
        Pagemap.Kind == DevicePageKind.Private ? MigrateSelect.DevicePrivate : MigrateSelect.DeviceCoherent;

    /// <summary>Touches of the CPU that have asked for a page.</summary>
    public List<DeviceFault> Faults { get; } = [];

    /// <summary>What is done instead of bringing the page home.</summary>
    public Func<DeviceFault, Errno>? OnFault { get; set; }

    public Span<byte> Bytes(FrameNumber frame)
    {
        if (!_frames.IsDevicePrivate(frame))
        {
            return _frames.Memory.Frame(frame);
        }

        using (_lock.Enter())
        {
            return _bytes.TryGetValue(frame.Value, out byte[]? bytes) ? bytes : _bytes[frame.Value] = new byte[Page.Size];
        }
    }

    public ulong Word(FrameNumber frame) => BitConverter.ToUInt64(Bytes(frame));

    public void SetWord(FrameNumber frame, ulong value) => BitConverter.TryWriteBytes(Bytes(frame), value);

    public bool TryTake(out MigratePfn destination)
    {
        FrameNumber frame;
        using (_lock.Enter())
        {
            if (_free.Count == 0)
            {
                destination = default;
                return false;
            }

            frame = _free[^1];
            _free.RemoveAt(_free.Count - 1);
        }

        destination = Pagemap.Begin(frame);
        return true;
    }

    /// <summary>False: huge pages go to single frames.</summary>
    public bool GivesHuge { get; set; } = true;

    /// <summary>False: a touch of the CPU brings one page home, of a huge page too.</summary>
    public bool BringsHugeHome { get; set; } = true;

    /// <summary>Heads of huge pages that have been split.</summary>
    public List<FrameNumber> Splits { get; } = [];

    public bool TryTakeHuge(out MigratePfn destination)
    {
        destination = default;
        using (_lock.Enter())
        {
            FrameNumber[] heads = [.. _free.Where(f => f.Value % 512 == 0 && _free.Count(g => g.Value / 512 == f.Value / 512) == 512)];
            if (heads.Length == 0 || !GivesHuge)
            {
                return false;
            }

            _free.RemoveAll(f => f.Value / 512 == heads[0].Value / 512);
            destination = Pagemap.BeginHuge(heads[0]);
            return true;
        }
    }

    /// <summary>Gives each page that moves a frame of the device with its bytes.</summary>
    public void Fill(ReadOnlySpan<MigratePfn> source, Span<MigratePfn> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i].IsCompound && source[i].Migrates)
            {
                bool isHuge = TryTakeHuge(out destination[i]);
                for (int j = 0; j < 512; j++)
                {
                    if (isHuge || TryTake(out destination[i + j]))
                    {
                        FrameNumber to = isHuge ? destination[i].Frame + (ulong)j : destination[i + j].Frame;
                        CopyOrClear(source[i].IsValid ? MigratePfn.Of(source[i].Frame + (ulong)j) : default, to);
                    }
                }
            }
            else if (source[i].Migrates && TryTake(out destination[i]))
            {
                CopyOrClear(source[i], destination[i].Frame);
            }
        }
    }

    /// <summary>Gives each page that moves a frame of the system with its bytes.</summary>
    public void Empty(ReadOnlySpan<MigratePfn> source, Span<MigratePfn> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            if (source[i].IsCompound && source[i].IsValid && source[i].Migrates)
            {
                FrameNumber head = default;
                bool isHuge = GivesHuge && _frames.TryAllocateHuge(out head) == Errno.None;
                destination[i] = isHuge ? MigratePfn.OfHuge(head) : default;
                for (int j = 0; j < 512; j++)
                {
                    FrameNumber to = head + (ulong)j;
                    if (isHuge || _frames.TryAllocate(out to) == Errno.None)
                    {
                        CopyOrClear(MigratePfn.Of(source[i].Frame + (ulong)j), to);
                        destination[i + j] = isHuge ? destination[i + j] : MigratePfn.Of(to);
                    }
                }
            }
            else if (source[i].Migrates && source[i].IsValid && _frames.TryAllocateHome(source[i].Frame, out FrameNumber frame) == Errno.None)
            {
                CopyOrClear(source[i], frame);
                destination[i] = MigratePfn.Of(frame);
            }
        }
    }

    /// <summary>Moves the pages of a range to the device.</summary>
    public (Errno Error, int Moved) MoveIn(AddressSpace mm, ulong address, ulong pages, MigrateSelect select = MigrateSelect.System)
    {
        MigrateVma migration = Begin(mm, address, pages, select, out Errno error);
        if (error != Errno.None)
        {
            return (error, 0);
        }

        Fill(migration.Source, migration.Destination);
        return (Errno.None, End(migration));
    }

    /// <summary>Moves the device's pages of a range home.</summary>
    public (Errno Error, int Moved) MoveOut(AddressSpace mm, ulong address, ulong pages, MigrateSelect and = MigrateSelect.None)
    {
        MigrateVma migration = Begin(mm, address, pages, OwnPages | and, out Errno error);
        if (error != Errno.None)
        {
            return (error, 0);
        }

        Empty(migration.Source, migration.Destination);
        return (Errno.None, End(migration));
    }

    public Errno MigrateToRam(in DeviceFault fault)
    {
        using (_lock.Enter())
        {
            Faults.Add(fault);
        }

        return OnFault is { } answer ? answer(fault) : BringHome(fault);
    }

    public Errno BringHome(DeviceFault fault)
    {
        bool isHuge = _frames.IsHuge(fault.Frame) && BringsHugeHome;
        var migration = new MigrateVma(fault.Space, isHuge ? 512 : 1);
        Errno error = migration.Setup(
            isHuge ? HugePage.BlockAt(fault.Page) : AddressRange.PageAt(fault.Page),
            Owner,
            isHuge ? MigrateSelect.DevicePrivate | MigrateSelect.Compound : MigrateSelect.DevicePrivate,
            fault.Frame);
        if (error != Errno.None)
        {
            return error;
        }

        Empty(migration.Source, migration.Destination);
        bool hadFrame = migration.Destination[0].IsValid;
        bool wanted = migration.Source[0].Migrates;
        End(migration);
        return wanted && !hadFrame ? Errno.ENOMEM : Errno.None;
    }

    public void Freed(FrameNumber frame, int pages)
    {
        using (_lock.Enter())
        {
            _free.AddRange(Enumerable.Range(0, pages).Select(i => frame + (ulong)i));
        }
    }

    public void Split(FrameNumber head)
    {
        using (_lock.Enter())
        {
            Splits.Add(head);
        }
    }

    public MigrateVma Begin(AddressSpace mm, ulong address, ulong pages, MigrateSelect select, out Errno error)
    {
        var migration = new MigrateVma(mm, (int)pages);
        using (mm.MmapLock.EnterShared())
        {
            error = migration.Setup(AddressRange.FromLength(address, pages * Page.Size), Owner, select);
        }

        return migration;
    }

    private static int End(MigrateVma migration)
    {
        int left = migration.MigratePages();
        int moved = migration.Complete();
        Assert.Equal(left, moved);
        return moved;
    }

    private void CopyOrClear(MigratePfn source, FrameNumber frame)
    {
        if (source.IsValid)
        {
            Bytes(source.Frame).CopyTo(Bytes(frame));
        }
        else
        {
            Bytes(frame).Clear();
        }
    }
}
