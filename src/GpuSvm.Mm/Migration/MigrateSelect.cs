namespace GpuSvm.Mm;

/// <summary>Which pages a migration collects, by where they are.</summary>
/// <remarks>Source: Linux 7.0 include/linux/migrate.h, enum migrate_vma_direction.</remarks>
[Flags]
public enum MigrateSelect
{
    /// <summary>None.</summary>
    None = 0,

    /// <summary>Pages in the system's memory, and the zero page.</summary>
    System = 1 << 0,

    /// <summary>Pages in memory that only a device can reach, and whose owner is that of the migration.</summary>
    DevicePrivate = 1 << 1,

    /// <summary>Pages in memory of a device that the CPU can reach, too, and whose owner is that of the migration.</summary>
    DeviceCoherent = 1 << 2,

    /// <summary>Huge pages are collected as one where the range holds all of them; else they are split.</summary>
    Compound = 1 << 3,
}
