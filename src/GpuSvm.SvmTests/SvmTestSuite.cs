namespace GpuSvm.SvmTests;

/// <summary>All tests, as IGT's tests/intel/xe_exec_system_allocator.c has them.</summary>
public static class SvmTestSuite
{
    /// <summary>The tests: the matrix, wrapper by wrapper, then those beside it.</summary>
    public static IReadOnlyList<SvmTest> All { get; } =
    [
        .. SvmWrappers.All.SelectMany(wrapper => SvmSections.All.Select(section => MatrixTest.Create(wrapper, section))),
        .. OtherTests.All,
    ];
}
