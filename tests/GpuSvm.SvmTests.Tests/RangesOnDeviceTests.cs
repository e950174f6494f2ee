using GpuSvm.Driver;

namespace GpuSvm.SvmTests.Tests;

/// <summary>Every test passes on real threads, where ranges move to the GPU's memory.</summary>
public sealed class RangesOnDeviceTests
{
    public static TheoryData<string> Wrappers => Tests.Wrappers.All;

    [Theory]
    [MemberData(nameof(Wrappers))]
    public void The_tests_of_a_wrapper_pass(string wrapper) =>
        Tests.Wrappers.Passes(wrapper, new SvmTestOptions { Strategy = SvmTestOptions.Ranges, Placement = SvmResidency.Device });
}
