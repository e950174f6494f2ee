namespace GpuSvm.SvmTests.Tests;

/// <summary>Every test passes on real threads, as a driver is by itself.</summary>
public sealed class StandardTests
{
    public static TheoryData<string> Wrappers => Tests.Wrappers.All;

    [Theory]
    [MemberData(nameof(Wrappers))]
    public void The_tests_of_a_wrapper_pass(string wrapper) => Tests.Wrappers.Passes(wrapper, new SvmTestOptions());
}
