namespace GpuSvm.Scenarios;

/// <content>Its driver: pages come and go.</content>
internal sealed partial class RaceDevice
{
    /// <summary>Moves a page to the device, if that can be done now.</summary>
    /// <param name="page">The page.</param>
    /// <param name="shown">What the device does as soon as it may use its new frame, the CPU having none yet.</param>
    /// <returns>True if it has moved.</returns>
    public bool MoveIn(int page, Action<FrameNumber>? shown = null) => Move(page, MigrateSelect.System, shown) == 1;

    /// <summary>Moves a page home from the device, if it is there and that can be done now.</summary>
    public bool MoveOut(int page) => Move(page, MigrateSelect.DevicePrivate, null) == 1;

    /// <summary>Moves all pages home that live in the device and can be moved now.</summary>
    public int Evict()
    {
        var migration = new MigrateFrames(_mm.Frames, Frames);
        migration.Setup(_pagemap.FirstFrame, Frames);
        Fill(migration.Source, migration.Destination);
        migration.MigratePages();
        return migration.Complete();
    }

    /// <summary>True if the device's memory holds a page. When nothing else runs.</summary>
    public bool Holds(int page)
    {
        CpuPte entry = _mm.PageTable.Read(DeviceMachine.WordAt(page, 0));
        return entry.IsDevicePrivate && _pagemap.Contains(entry.Frame);
    }

    public Errno MigrateToRam(in DeviceFault fault)
    {
        var migration = new MigrateVma(fault.Space, 1);
        Errno error = migration.Setup(AddressRange.PageAt(fault.Page), this, MigrateSelect.DevicePrivate, fault.Frame);
        Demand(error == Errno.None, $"A page that the CPU has touched can be asked for: {error}.");
        DropOwn(fault.Page);
        Fill(migration.Source, migration.Destination);
        migration.MigratePages();
        migration.Complete();
        return Errno.None;
    }

    /// <summary>Stores a word into a frame of the device. For who was shown it.</summary>
    public void StoreInto(FrameNumber frame, int word, ulong value) => WordOf(frame, word) = value;

    private int Move(int page, MigrateSelect select, Action<FrameNumber>? shown)
    {
        var migration = new MigrateVma(_mm, 1);
        using (_mm.MmapLock.EnterShared())
        {
            Errno error = migration.Setup(AddressRange.PageAt(DeviceMachine.WordAt(page, 0)), this, select);
            Demand(error is Errno.None or Errno.EINVAL, $"A page can be asked for where something is mapped: {error}.");
            if (error != Errno.None)
            {
                return 0;
            }
        }

        DropOwn(DeviceMachine.WordAt(page, 0));
        Fill(migration.Source, migration.Destination);
        if (select == MigrateSelect.System && migration.Source[0] is { Migrates: true, IsValid: false })
        {
            BeginHere(migration.Destination);
        }

        if (migration.MigratePages() == 1)
        {
            shown?.Invoke(migration.Destination[0].Frame);
        }

        return migration.Complete();
    }

    /// <summary>Its mirror skips what the driver makes itself: so this drops the entries, before the copy.</summary>
    private void DropOwn(VirtualAddress page)
    {
        if (!Breaks.OwnerEventSkipped)
        {
            using (UpdateLock.Enter())
            {
                Drop(AddressRange.PageAt(page));
            }
        }
    }

    /// <summary>Gives each page that moves a frame on the other side, with its words.</summary>
    private void Fill(ReadOnlySpan<MigratePfn> source, Span<MigratePfn> destination)
    {
        for (int i = 0; i < source.Length; i++)
        {
            bool isAway = source[i].IsValid && _pagemap.Contains(source[i].Frame);
            destination[i] = !source[i].Migrates || !source[i].IsValid ? default : isAway ? TakeHomeFrame(source[i].Frame) : TakeOwnFrame();
            for (int word = 0; destination[i].IsValid && word < Words; word++)
            {
                SchedulePoint.Reach(SchedulePointKind.Word);
                WordOf(destination[i].Frame, word) = WordOf(source[i].Frame, word);
            }
        }
    }

    /// <summary>Gives a page of which nothing is there a frame of the device that reads as zero.</summary>
    private void BeginHere(Span<MigratePfn> destination)
    {
        destination[0] = TakeOwnFrame();
        for (int word = 0; destination[0].IsValid && word < Words; word++)
        {
            WordOf(destination[0].Frame, word) = 0;
        }
    }

    private MigratePfn TakeHomeFrame(FrameNumber source) =>
        _mm.Frames.TryAllocateHome(source, out FrameNumber frame) == Errno.None ? MigratePfn.Of(frame) : default;

    private MigratePfn TakeOwnFrame()
    {
        FrameNumber frame;
        using (_freeLock.Enter())
        {
            if (!_free.TryPop(out frame))
            {
                return default;
            }
        }

        return _pagemap.Begin(frame);
    }
}
