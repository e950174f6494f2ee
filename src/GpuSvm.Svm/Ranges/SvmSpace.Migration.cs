namespace GpuSvm.Svm;

/// <content>Ranges move to the device.</content>
public sealed partial class SvmSpace
{
    /// <summary>Moves the pages of a range to the device's own memory. Its pages become invalid by that, and are got again.</summary>
    /// <param name="range">A range of this space.</param>
    /// <param name="movement">Whether its pages move one by one or only together.</param>
    /// <returns>
    /// EINVAL: the range may not be moved (<see cref="SvmRange.MayMigrate"/>). EOPNOTSUPP: the device has no memory
    /// (<see cref="SvmSpaceOptions.Memory"/>). Else as <see cref="DeviceMemory.MigrateToDevice"/>.
    /// </returns>
    /// <remarks>Locking: as there. Source: Linux drm_gpusvm_migrate_to_devmem.</remarks>
    public DeviceMigrationResult MigrateToDevice(SvmRange range, Movement movement)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        return
            !range.MayMigrate ? new DeviceMigrationResult(0, Errno.EINVAL) :
            _options.Memory is not { } memory ? new DeviceMigrationResult(0, Errno.EOPNOTSUPP) :
            memory.MigrateToDevice(Mm, range.Range, movement);
    }
}
