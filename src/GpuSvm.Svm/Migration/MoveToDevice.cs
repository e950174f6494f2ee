namespace GpuSvm.Svm;

/// <summary>Moves pages of one address space to a device, one window after another. Used by one thread at a time.</summary>
/// <remarks>
/// <code>
/// take pages of the device        having others leave if there are too few, which takes page locks
/// mmap lock shared
///     MigrateVma.Setup            the CPU's stores wait; mirrors are told, but for the device's own, which passes over its event
///     drop the device's entries   for what moves
///     map frames for DMA, copy
///     MigratePages, Complete      the timeslice begins before the CPU can touch a page; or Complete alone, when something failed: then all is as it was
/// give back what was not used
/// </code>
/// Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_to_devmem.
/// </remarks>
internal sealed class MoveToDevice(DeviceMemory memory)
{
    private readonly MigrateVma _migration = new(memory.Frames, HugePage.PageCount);
    private readonly CopyList _copies = new(memory.Dma);
    private readonly DeviceRoom _room = new(memory);
    private long _request;
    private bool _isShort;
    private bool _isFull;

    /// <summary>How long the pages stay though the CPU touches them.</summary>
    public TimeSpan Timeslice { get; set; }

    /// <summary>Moves the pages of a range.</summary>
    public DeviceMigrationResult Run(AddressSpace space, AddressRange range)
    {
        _request = memory.BeginRequest();
        long pages = 0;
        Errno first = Errno.None;
        ulong address = range.Start;
        while (address < range.End.Value && first is not (Errno.ENOMEM or Errno.ETIMEDOUT))
        {
            Errno error = RunWindow(space, range, ref address, out int moved);
            pages += moved;
            first = first == Errno.None || error is Errno.ENOMEM or Errno.ETIMEDOUT ? error : first;
        }

        return new DeviceMigrationResult(pages, first);
    }

    /// <summary>Moves all pages of a range, or none.</summary>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">The pages: 1 to 512, else EINVAL.</param>
    /// <param name="raced">After EBUSY: where pages have gone all the same before others were found to be quicker; else null.</param>
    public DeviceMigrationResult RunWhole(AddressSpace space, AddressRange range, out DeviceAllocation? raced)
    {
        raced = null;
        _request = memory.BeginRequest();
        try
        {
            for (bool isLast = range.IsEmpty || range.PageCount > HugePage.PageCount; ; isLast = true)
            {
                int pages = (int)Math.Min(range.PageCount, HugePage.PageCount);
                using (space.MmapLock.EnterShared())
                {
                    // Nobody leaves for a range that cannot move anyway.
                    bool canMove = !isLast && space.VmaAt(range.Start) is not null && CountWanted(space, range) == pages;
                    if (!canMove || _room.TryFill(pages))
                    {
                        return MoveWhole(space, range, out raced);
                    }
                }

                _ = memory.MakeRoom(_room, pages, range, _request);
            }
        }
        finally
        {
            _room.GiveBack();
        }
    }

    private DeviceMigrationResult MoveWhole(AddressSpace space, AddressRange range, out DeviceAllocation? raced)
    {
        raced = null;
        Vma? vma = space.VmaAt(range.Start);
        Errno error =
            range.IsEmpty || range.PageCount > HugePage.PageCount ? Errno.EINVAL :
            vma is null ? Errno.ENOENT :
            _migration.Setup(space, range, memory.MigrationOwner, MigrateSelect.System | MigrateSelect.Compound);
        if (error != Errno.None)
        {
            return new DeviceMigrationResult(0, error);
        }

        int pages = (int)range.PageCount;
        if (!vma!.MayLiveOnDevice || MoverPages.CountMoving(_migration.Source) != pages)
        {
            _migration.Complete();
            return new DeviceMigrationResult(0, Errno.EBUSY);
        }

        error = MoveCollected(space, Movement.AllOrNothing, out int moved, out DeviceAllocation allocation);
        bool hasRaced = error == Errno.None && moved != pages;
        raced = hasRaced ? allocation : null;
        return new DeviceMigrationResult(moved, hasRaced ? Errno.EBUSY : error);
    }

    /// <summary>Moves the next window: of one mapping, and one leaf of the page table.</summary>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">All that is to be moved.</param>
    /// <param name="address">Where the window may begin; on return the address behind it.</param>
    /// <param name="moved">Number of pages that have moved.</param>
    private Errno RunWindow(AddressSpace space, AddressRange range, ref ulong address, out int moved)
    {
        moved = 0;
        _isFull = false;
        try
        {
            for (bool isLast = false; ; isLast = true)
            {
                ulong next = address;
                AddressRange window;
                int wanted;
                using (space.MmapLock.EnterShared())
                {
                    if (!MoverPages.TryNextWindow(space, range, ref next, out window))
                    {
                        address = next;
                        return Errno.None;
                    }

                    wanted = CountWanted(space, window);
                    if (_room.TryFill(wanted) || isLast)
                    {
                        address = next;
                        return Move(space, window, out moved);
                    }
                }

                // Others leave while no lock is held. There is no second time: what has come to the window meanwhile may stay where it is.
                _isFull = memory.MakeRoom(_room, wanted, window, _request) != Errno.None;
            }
        }
        finally
        {
            _room.GiveBack();
        }
    }

    /// <summary>About how many pages will move: some may drop out, and others come.</summary>
    private int CountWanted(AddressSpace space, AddressRange window)
    {
        bool takesHoles = space.VmaAt(window.Start)!.MayLiveOnDevice;
        int wanted = 0;
        for (ulong page = window.Start; page < window.End.Value; page += Page.Size)
        {
            CpuPte pte = space.PageTable.Read(page);
            bool moves = pte.IsNone ? takesHoles : pte.IsPresent && !memory.TryGetDevicePage(pte.Frame, out _);
            if (pte.IsHuge && window.PageCount == HugePage.PageCount)
            {
                return moves ? HugePage.PageCount : 0;
            }

            wanted += moves ? 1 : 0;
        }

        return wanted;
    }

    private Errno Move(AddressSpace space, AddressRange window, out int moved)
    {
        moved = 0;
        Errno error = _migration.Setup(space, window, memory.MigrationOwner, MigrateSelect.System | MigrateSelect.Compound);
        if (error != Errno.None || _migration.Collected == 0)
        {
            _ = error == Errno.None ? _migration.Complete() : 0;
            return error;
        }

        error = MoveCollected(space, Movement.BestEffort, out moved, out _);
        return error == Errno.None && _isShort && _isFull ? Errno.ENOMEM : error;
    }

    /// <summary>Moves what was collected; ends the migration in any case.</summary>
    private Errno MoveCollected(AddressSpace space, Movement movement, out int moved, out DeviceAllocation allocation)
    {
        _isShort = false;
        allocation = memory.BeginAllocation(_migration.Range, _request);
        int given = 0;
        Errno error;
        try
        {
            MoverPages.DropAll(memory, space, _migration.Range, _migration.Source);
            error = Fill(allocation, movement);
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(_migration.Destination);
                _migration.MigratePages();
                allocation.TimesliceEnd = memory.SliceFromNow(Timeslice);
            }
        }
        finally
        {
            // Whatever happens: pages that stay locked would stop everybody who touches them.
            _migration.Complete();
            _copies.End();
            memory.EndAllocation(allocation);
        }

        moved = MoverPages.CountMoving(_migration.Source);
        memory.CountMoveToDevice(moved, given - moved);
        return error;
    }

    /// <summary>Takes a page for each that moves, as long as there are any, and copies.</summary>
    /// <returns>The error after which nothing moves at all.</returns>
    private Errno Fill(DeviceAllocation allocation, Movement movement)
    {
        Errno error = Errno.None;
        ReadOnlySpan<MigratePfn> sources = _migration.Source;
        for (int i = 0; i < sources.Length && error == Errno.None && !_isShort; i += DeviceMemory.PagesOf(sources[i]))
        {
            MigratePfn source = sources[i];
            if (source.Migrates)
            {
                if (source.IsCompound)
                {
                    error = FillHuge(allocation, i);
                }
                else
                {
                    FillPage(allocation, i);
                }
            }
        }

        error = error == Errno.None && _isShort && movement == Movement.AllOrNothing ? Errno.ENOMEM : error;
        error = error == Errno.None ? _copies.TryMapWaiting(DmaDirection.ToDevice) : error;
        if (error == Errno.None && !_copies.Copies.IsEmpty)
        {
            error = memory.Operations.CopyToDevice(_copies.Copies);
        }

        if (error != Errno.None)
        {
            memory.CountFailedMove();
        }

        return error;
    }

    private void FillPage(DeviceAllocation allocation, int index)
    {
        if (!TryTake(allocation, out ulong page))
        {
            return;
        }

        _migration.Destination[index] = memory.Begin(page, allocation);
        MigratePfn source = _migration.Source[index];
        if (source.IsValid)
        {
            _copies.AddUnmapped(page, source.Frame);
        }
        else
        {
            _copies.AddClear(page, 1);
        }
    }

    /// <summary>Finds room for a huge page: a block, or else single pages, by which it is split.</summary>
    private Errno FillHuge(DeviceAllocation allocation, int index)
    {
        MigratePfn source = _migration.Source[index];
        DeviceAddress address = default;
        Errno error = source.IsValid
            ? _copies.TryMap(source.Frame, HugePage.Order, DmaDirection.ToDevice, out address)
            : Errno.None;
        if (error != Errno.None)
        {
            return error;
        }

        if (_room.TryTakeHuge(out DeviceBlock block))
        {
            allocation.Add(block);
            _migration.Destination[index] = memory.BeginHuge(block.FirstPage, allocation);
            AddCopy(source, block.FirstPage, address, HugePage.PageCount);
            return Errno.None;
        }

        for (int i = 0; i < HugePage.PageCount && TryTake(allocation, out ulong page); i++)
        {
            _migration.Destination[index + i] = memory.Begin(page, allocation);
            AddCopy(source, page, new DeviceAddress(address.Value + ((ulong)i * Page.Size)), 1);
        }

        return Errno.None;
    }

    private void AddCopy(MigratePfn source, ulong page, DeviceAddress address, int pages)
    {
        if (source.IsValid)
        {
            _copies.Add(page, address, pages);
        }
        else
        {
            _copies.AddClear(page, pages);
        }
    }

    /// <summary>Uses the next page that was taken.</summary>
    private bool TryTake(DeviceAllocation allocation, out ulong page)
    {
        _isShort |= !_room.TryTake(out page, out DeviceBlock? begun);
        if (begun is { } block)
        {
            allocation.Add(block);
        }

        return !_isShort;
    }
}
