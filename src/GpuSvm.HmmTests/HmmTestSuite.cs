using GpuSvm.HmmTests.Tests;

namespace GpuSvm.HmmTests;

/// <summary>All tests, in the order of Linux's tools/testing/selftests/mm/hmm-tests.c.</summary>
public static class HmmTestSuite
{
    /// <summary>The tests.</summary>
    public static IReadOnlyList<HmmTest> All { get; } =
    [
        new("open_close", "a device is opened and closed", AccessTests.OpenClose),
        new("anon_read", "the device reads pages that were never touched, only read, and written", AccessTests.AnonRead),
        new("anon_read_prot", "the device may not read what the program may not", ProtectionTests.AnonReadProt),
        new("anon_write", "the device writes pages that were never touched", AccessTests.AnonWrite),
        new("anon_write_prot", "the device may not write what the program may not, until it may", ProtectionTests.AnonWriteProt),
        new("file_read", "the device reads a file that is mapped", FileTests.FileRead),
        new("file_write", "the device writes a file that is mapped", FileTests.FileWrite),
        new("migrate", "pages move to the device", MigrationTests.Migrate),
        new("migrate_file_private", "pages of a file that the program has changed for itself move", FileTests.MigrateFilePrivate),
        new("migrate_fault", "half of the pages come home by faults of the CPU, and move again", MigrationTests.MigrateFault),
        new("migrate_shared", "shared memory does not move", MigrationTests.MigrateShared),
        new("migrate_mixed", "several mappings move, but not what is unreadable, missing, or on another device", MigrationTests.MigrateMixed),
        new("migrate_multiple", "one buffer after another moves there and back", MigrationTests.MigrateMultiple),
        new("anon_read_multiple", "the device reads one buffer after another", AccessTests.AnonReadMultiple),
        new("double_map", "two devices have the same pages, and one takes them", MigrationTests.DoubleMap),
        new("anon_teardown", "half of a buffer is unmapped while the device reads it", TeardownTests.AnonTeardown),
        new("exclusive", "the device has pages for itself, and the CPU takes them back by touching them", ExclusiveTests.Exclusive),
        new("exclusive_mprotect", "the device loses pages that it has for itself when they become read-only", ExclusiveTests.ExclusiveMprotect),
        new("migrate_partial_unmap_fault", "half of what lives on the device is unmapped, and the rest comes home", MappingChangeTests.MigratePartialUnmapFault),
        new("migrate_remap_fault", "mappings are moved before and after their pages move to the device", MappingChangeTests.MigrateRemapFault),
    ];
}
