using GpuSvm.HmmTests.Tests;

namespace GpuSvm.HmmTests;

/// <summary>All tests, in the order of Linux's tools/testing/selftests/mm/hmm-tests.c.</summary>
public static class HmmTestSuite
{
    /// <summary>The tests.</summary>
    public static IReadOnlyList<HmmTest> All { get; } =
    [
        new(HmmTestArea.Access, "open_close", "a device is opened and closed", AccessTests.OpenClose),
        new(HmmTestArea.Access, "anon_read", "the device reads pages that were never touched, only read, and written", AccessTests.AnonRead),
        new(HmmTestArea.Access, "anon_read_prot", "the device may not read what the program may not", ProtectionTests.AnonReadProt),
        new(HmmTestArea.Access, "anon_write", "the device writes pages that were never touched", AccessTests.AnonWrite),
        new(HmmTestArea.Access, "anon_write_prot", "the device may not write what the program may not, until it may", ProtectionTests.AnonWriteProt),
        new(HmmTestArea.Migration, "anon_write_child", "the device writes pages of a forked child, and the parent keeps its own", ForkTests.AnonWriteChild),
        new(HmmTestArea.Access, "anon_write_child_shared", "the device writes pages that a forked child shares", ForkTests.AnonWriteChildShared),
        new(HmmTestArea.Access, "anon_write_huge", "the device writes huge pages", HugePageTests.AnonWriteHuge),
        new(HmmTestArea.Access, "file_read", "the device reads a file that is mapped", FileTests.FileRead),
        new(HmmTestArea.Access, "file_write", "the device writes a file that is mapped", FileTests.FileWrite),
        new(HmmTestArea.Migration, "migrate", "pages move to the device", MigrationTests.Migrate),
        new(HmmTestArea.Migration, "migrate_file_private", "pages of a file that the program has changed for itself move", FileTests.MigrateFilePrivate),
        new(HmmTestArea.Migration, "migrate_fault", "half of the pages come home by faults of the CPU, and move again", MigrationTests.MigrateFault),
        new(HmmTestArea.Migration, "migrate_release", "the device gives up its memory, and all pages come home", MigrationTests.MigrateRelease),
        new(HmmTestArea.Migration, "migrate_shared", "shared memory does not move", MigrationTests.MigrateShared),
        new(HmmTestArea.Migration, "migrate_mixed", "several mappings move, but not what is unreadable, missing, or on another device", MigrationTests.MigrateMixed),
        new(HmmTestArea.Migration, "migrate_multiple", "one buffer after another moves there and back", MigrationTests.MigrateMultiple),
        new(HmmTestArea.Access, "anon_read_multiple", "the device reads one buffer after another", AccessTests.AnonReadMultiple),
        new(HmmTestArea.Access, "anon_teardown", "half of a buffer is unmapped while the device reads it", TeardownTests.AnonTeardown),
        new(HmmTestArea.Migration, "snapshot", "a device looks at pages of every kind", SnapshotTests.Snapshot),
        new(HmmTestArea.Migration, "double_map", "two devices have the same pages, and one takes them", MigrationTests.DoubleMap),
        new(HmmTestArea.Exclusive, "exclusive", "the device has pages for itself, and the CPU takes them back by touching them", ExclusiveTests.Exclusive),
        new(HmmTestArea.Exclusive, "exclusive_mprotect", "the device loses pages that it has for itself when they become read-only", ExclusiveTests.ExclusiveMprotect),
        new(HmmTestArea.Exclusive, "exclusive_cow", "a process forks while a device has its pages for itself", ForkTests.ExclusiveCow),
        new(HmmTestArea.Migration, "hmm_cow_in_device", "a process forks while its pages are on the device, and writes them", ForkTests.CowInDevice),
        new(HmmTestArea.Migration, "migrate_anon_huge_empty", "a block of which nothing is there moves", HugePageTests.MigrateEmpty),
        new(HmmTestArea.Migration, "migrate_anon_huge_zero", "a block of zeros that was only read moves", HugePageTests.MigrateZero),
        new(HmmTestArea.Migration, "migrate_anon_huge_free", "a huge page on the device is given up", HugePageTests.MigrateFree),
        new(HmmTestArea.Migration, "migrate_anon_huge_fault", "a huge page moves as one, and comes home as one", HugePageTests.MigrateFault),
        new(HmmTestArea.Migration, "migrate_partial_unmap_fault", "half of what lives on the device is unmapped, and the rest comes home", MappingChangeTests.MigratePartialUnmapFault),
        new(HmmTestArea.Migration, "migrate_remap_fault", "mappings are moved before and after their pages move to the device", MappingChangeTests.MigrateRemapFault),
        new(HmmTestArea.Migration, "migrate_anon_huge_err", "a huge page finds no block where it goes, and moves in parts", HugePageTests.MigrateErr),
        new(HmmTestArea.Migration, "migrate_anon_huge_zero_err", "a block of zeros finds no block where it goes", HugePageTests.MigrateZeroErr),
    ];
}
