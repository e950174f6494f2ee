namespace GpuSvm.SvmTests;

/// <summary>The tests that are not of the matrix.</summary>
internal static class OtherTests
{
    /// <summary>The group that they are listed in.</summary>
    public const string Group = "others";

    /// <summary>All of them.</summary>
    public static IEnumerable<SvmTest> All =>
    [
        .. SharedAllocationTests.All,
        new("fault", "an exec at a bad address fails, and nothing else does", FaultTests.Fault),
        .. PartialTests.All,
        new("unaligned-alloc", "8 allocations of 1.5 MiB, of which the GPU touches every page", ManyAllocationTests.UnalignedAlloc),
        new("evict-malloc", "allocations of 9/8 of the GPU's memory that are to live there", ManyAllocationTests.EvictMalloc),
        new("processes-evict-malloc", "the same from three processes", ManyAllocationTests.ProcessesEvictMalloc),
        .. AdviceTests.All,
        new("compute", "a kernel of 64 threads squares 2 MiB", ComputeTest.Compute),
    ];
}
