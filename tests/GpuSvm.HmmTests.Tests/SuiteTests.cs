namespace GpuSvm.HmmTests.Tests;

/// <summary>Every test of the suite passes, for devices of both kinds.</summary>
public sealed class SuiteTests
{
    private const ulong Seed = 1;

    public static TheoryData<string, DevicePageKind> Everything()
    {
        var all = new TheoryData<string, DevicePageKind>();
        foreach (HmmTest test in HmmTestSuite.All)
        {
            all.Add(test.Name, DevicePageKind.Private);
            all.Add(test.Name, DevicePageKind.Coherent);
        }

        return all;
    }

    [Theory]
    [MemberData(nameof(Everything))]
    public void The_test_passes(string name, DevicePageKind kind)
    {
        string? failure = HmmTestSuite.All.Single(test => test.Name == name).Run(kind, Seed);

        Assert.True(failure is null, failure);
    }

    [Fact]
    public void No_two_tests_have_one_name() =>
        Assert.Equal(HmmTestSuite.All.Count, HmmTestSuite.All.Select(test => test.Name).Distinct().Count());
}
