namespace GpuSvm.Svm;

/// <content>Pages come, and go home, because somebody asks.</content>
public sealed partial class DeviceMemory
{
    /// <summary>Moves the pages of a range to the device, those of which nothing is there yet included.</summary>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">Page-aligned; with best effort holes are passed over.</param>
    /// <param name="movement">Whether pages move one by one, the default, or only together.</param>
    /// <param name="timeslice">
    /// How long the pages stay though the CPU touches them, from the end of the move on: not negative, the default is not at all. A driver
    /// for whose GPU a page must be there asks for some milliseconds, and doubles them at each try.
    /// </param>
    /// <returns>
    /// <para>
    /// Best effort: how many pages have moved, and the first error: ENOMEM when the device or the DMA mapper had no room, EIO and ETIMEDOUT of the copy,
    /// EINVAL for special mappings. A page that dropped out, because it is locked, pinned or on the
    /// device already, is none. What ran out or timed out ends the call; after other errors it goes on behind the window of 2 MiB at most in
    /// which nothing has moved.
    /// </para>
    /// <para>
    /// All or nothing: None, with all pages or, where they are on the device already, none. EINVAL: the range is empty or larger than 2 MiB,
    /// its mapping is special or ends before. ENOENT: nothing is mapped where it begins. EBUSY: the memory is a file's, or
    /// a page could not be collected (it is locked, pinned, or on a device already), or somebody was quicker while it was copied. ENOMEM, EIO,
    /// ETIMEDOUT: as above. After an error no page has moved; those that had before another was found to be gone have been brought home, but
    /// for what somebody holds: so many pages are told.
    /// </para>
    /// </returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <remarks>
    /// Locking: no lock from the mmap lock on; takes the mmap lock shared for each window. Source: Linux drm_gpusvm_migrate_to_devmem,
    /// nouveau_dmem_migrate_vma.
    /// </remarks>
    public DeviceMigrationResult MigrateToDevice(
        AddressSpace space, AddressRange range, Movement movement = Movement.BestEffort, TimeSpan timeslice = default)
    {
        ThrowUnlessPages(space, range);
        ArgumentOutOfRangeException.ThrowIfLessThan(timeslice, TimeSpan.Zero);
        Events?.TellMigration(range, EventCause.Requested, EventDirection.ToDevice);
        DeviceMigrationResult result = movement == Movement.AllOrNothing ? MoveWhole(space, range, timeslice) : MoveSome(space, range, timeslice);
        Events?.TellMigrationEnd(range, result.Pages);
        return result;
    }

    /// <summary>Brings the pages of a range home that live in this memory; best effort for each page.</summary>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">Page-aligned; what lives elsewhere, and holes, are passed over.</param>
    /// <returns>How many pages have left, and the first error: ENOMEM, EIO, ETIMEDOUT as of <see cref="MigrateToDevice"/>, EINVAL.</returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <remarks>Locking: as <see cref="MigrateToDevice"/>. Source: Linux lib/test_hmm.c, dmirror_migrate_to_system.</remarks>
    public DeviceMigrationResult MigrateToSystem(AddressSpace space, AddressRange range)
    {
        ThrowUnlessPages(space, range);
        Events?.TellMigration(range, EventCause.Requested, EventDirection.ToSystem);
        MoveToSystem mover = _toSystemPool.Rent();
        DeviceMigrationResult result = mover.Run(space, range);
        _toSystemPool.Return(mover);
        Events?.TellMigrationEnd(range, result.Pages);
        return result;
    }

    private DeviceMigrationResult MoveSome(AddressSpace space, AddressRange range, TimeSpan timeslice)
    {
        MoveToDevice mover = _toDevicePool.Rent();
        mover.Timeslice = timeslice;
        DeviceMigrationResult result = mover.Run(space, range);
        _toDevicePool.Return(mover);
        return result;
    }

    private DeviceMigrationResult MoveWhole(AddressSpace space, AddressRange range, TimeSpan timeslice)
    {
        MoveToDevice mover = _toDevicePool.Rent();
        mover.Timeslice = timeslice;
        DeviceMigrationResult result = mover.RunWhole(space, range, out DeviceAllocation? raced);
        _toDevicePool.Return(mover);
        if (raced is not null)
        {
            _ = TryEvict(raced);
            return result with { Pages = raced.PageCount };
        }

        return result.Error == Errno.EBUSY && IsThere(space, range) ? new DeviceMigrationResult(0, Errno.None) : result;
    }

    /// <summary>True if all pages of a range live here already.</summary>
    private bool IsThere(AddressSpace space, AddressRange range) => space.Residency(range).All(run => run.Device == Pagemap);

    private static void ThrowUnlessPages(AddressSpace space, AddressRange range)
    {
        ArgumentNullException.ThrowIfNull(space);
        if (!range.IsPageAligned)
        {
            throw new ArgumentException($"{range} is not made of whole pages.", nameof(range));
        }
    }
}
