namespace GpuSvm.Svm;

/// <summary>Moves pages of one address space to a device, one window after another. Used by one thread at a time.</summary>
/// <remarks>
/// <code>
/// mmap lock shared
///     MigrateVma.Setup            the CPU's stores wait; mirrors are told, but for the device's own, which passes over its event
///     drop the device's entries   for what moves
///     take pages, map frames for DMA, copy
///     MigratePages, Complete      or Complete alone, when something failed: then all is as it was
/// </code>
/// Source: Linux drm_gpusvm.c, drm_gpusvm_migrate_to_devmem.
/// </remarks>
internal sealed class MoveToDevice(DeviceMemory memory)
{
    private readonly MigrateVma _migration = new(memory.Frames, HugePage.PageCount);
    private readonly CopyList _copies = new(memory.Dma);
    private ulong _nextPage;
    private int _pagesOfBlock;
    private bool _isShort;

    /// <summary>Moves the pages of a range.</summary>
    public DeviceMigrationResult Run(AddressSpace space, AddressRange range)
    {
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

    private Errno RunWindow(AddressSpace space, AddressRange range, ref ulong address, out int moved)
    {
        moved = 0;
        using (space.MmapLock.EnterShared())
        {
            return MoverPages.TryNextWindow(space, range, ref address, out AddressRange window)
                ? Move(space, window, out moved)
                : Errno.None;
        }
    }

    private Errno Move(AddressSpace space, AddressRange window, out int moved)
    {
        moved = 0;
        Errno error = _migration.Setup(space, window, memory, MigrateSelect.System | MigrateSelect.Compound);
        if (error != Errno.None || _migration.Collected == 0)
        {
            _ = error == Errno.None ? _migration.Complete() : 0;
            return error;
        }

        _isShort = false;
        DeviceAllocation allocation = memory.BeginAllocation(window);
        int given = 0;
        try
        {
            MoverPages.DropAll(memory, space, _migration);
            error = Fill(allocation);
            if (error == Errno.None)
            {
                given = MoverPages.CountGiven(_migration.Destination);
                _migration.MigratePages();
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
        return error == Errno.None && _isShort ? Errno.ENOMEM : error;
    }

    /// <summary>Takes a page for each that moves, as long as there are any, and copies.</summary>
    /// <returns>The error after which nothing moves at all.</returns>
    private Errno Fill(DeviceAllocation allocation)
    {
        _pagesOfBlock = 0;
        int left = MoverPages.CountMoving(_migration.Source);
        Errno error = Errno.None;
        for (int i = 0; i < _migration.Source.Length && error == Errno.None && !_isShort; i++)
        {
            MigratePfn source = _migration.Source[i];
            if (source.Migrates)
            {
                error = source.IsCompound ? FillHuge(allocation, i, ref left) : FillPage(allocation, i, ref left);
            }
        }

        // Of a block of which not every page is needed after all the rest goes back.
        GiveRestBack();
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

    private Errno FillPage(DeviceAllocation allocation, int index, ref int left)
    {
        if (!TryTake(allocation, left, out ulong page))
        {
            return Errno.None;
        }

        left--;
        _migration.Destination[index] = memory.Begin(page, allocation);
        MigratePfn source = _migration.Source[index];
        if (!source.IsValid)
        {
            _copies.AddClear(page, 1);
            return Errno.None;
        }

        Errno error = _copies.TryMap(source.Frame, 0, DmaDirection.ToDevice, out DeviceAddress address);
        if (error == Errno.None)
        {
            _copies.Add(page, address, 1);
        }

        return error;
    }

    /// <summary>Finds room for a huge page: a block, or else single pages, by which it is split.</summary>
    private Errno FillHuge(DeviceAllocation allocation, int index, ref int left)
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

        if (memory.TryPopulateHuge(out DeviceBlock block))
        {
            allocation.Add(block);
            left -= HugePage.PageCount;
            _migration.Destination[index] = memory.BeginHuge(block.FirstPage, allocation);
            AddCopy(source, block.FirstPage, address, HugePage.PageCount);
            return Errno.None;
        }

        for (int i = 0; i < HugePage.PageCount && TryTake(allocation, left, out ulong page); i++)
        {
            left--;
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

    /// <summary>Takes the next page of the block, or of a new one that is not larger than what is left to move.</summary>
    private bool TryTake(DeviceAllocation allocation, int left, out ulong page)
    {
        page = 0;
        if (_pagesOfBlock == 0)
        {
            if (memory.TryPopulate(left, out DeviceBlock block) != Errno.None)
            {
                _isShort = true;
                return false;
            }

            allocation.Add(block);
            _nextPage = block.FirstPage;
            _pagesOfBlock = block.PageCount;
        }

        page = _nextPage++;
        _pagesOfBlock--;
        return true;
    }

    private void GiveRestBack()
    {
        for (; _pagesOfBlock > 0; _pagesOfBlock--)
        {
            memory.Operations.Release(_nextPage++, 0);
        }
    }
}
