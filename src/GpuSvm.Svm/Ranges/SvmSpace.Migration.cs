namespace GpuSvm.Svm;

/// <content>Ranges move to the device.</content>
public sealed partial class SvmSpace
{
    /// <summary>Moves the pages of a range to the device's own memory. Its pages become invalid by that, and are got again.</summary>
    /// <param name="range">A range of this space.</param>
    /// <param name="movement">Whether its pages move one by one or only together.</param>
    /// <param name="timeslice">How long they stay there at least.</param>
    /// <returns>
    /// EINVAL: the range may not be moved (<see cref="SvmRange.MayMigrate"/>). EOPNOTSUPP: the device has no memory
    /// (<see cref="SvmSpaceOptions.Memory"/>). Else as <see cref="DeviceMemory.MigrateToDevice"/>.
    /// </returns>
    /// <remarks>Locking: as there. Source: Linux drm_gpusvm_migrate_to_devmem.</remarks>
    public DeviceMigrationResult MigrateToDevice(SvmRange range, Movement movement, TimeSpan timeslice = default)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        return
            !range.MayMigrate ? new DeviceMigrationResult(0, Errno.EINVAL) :
            _options.Memory is not { } memory ? new DeviceMigrationResult(0, Errno.EOPNOTSUPP) :
            memory.MigrateToDevice(Mm, movement == Movement.BestEffort ? PartElsewhere(range) : range.Range, movement, timeslice);
    }

    /// <summary>The pages from the first to the last that is not known to be on the device: the entries of the others stay good.</summary>
    private AddressRange PartElsewhere(SvmRange range)
    {
        using (NotifierLock.Enter())
        {
            int first = range.PageCount;
            int end = 0;
            int next = 0;
            foreach (ref readonly MappedBlock block in range.Blocks)
            {
                if (block.IsOnDevice && block.IsCurrent)
                {
                    (first, end) = next < block.FirstPage ? (Math.Min(first, next), block.FirstPage) : (first, end);
                    next = block.EndPage;
                }
            }

            (first, end) = next < range.PageCount ? (Math.Min(first, next), range.PageCount) : (first, end);
            return first < end ? range.AddressesOf(first, end) : AddressRange.FromLength(range.Range.Start, 0);
        }
    }
}
