namespace GpuSvm.SvmTests.Tests;

/// <summary>What the suite holds.</summary>
public sealed class SuiteTests
{
    [Fact]
    public void The_matrix_has_25_wrappers_and_at_least_60_sections_and_each_pair_is_a_test()
    {
        SvmTest[] matrix = [.. SvmTestSuite.All.Where(test => test.Section.Length > 0)];
        string[] wrappers = [.. matrix.Select(test => test.Wrapper).Distinct()];
        string[] sections = [.. matrix.Select(test => test.Section).Distinct()];

        Assert.Equal(25, wrappers.Length);
        Assert.InRange(sections.Length, 60, 75);
        Assert.Equal(wrappers.SelectMany(wrapper => sections.Select(section => $"{wrapper}-{section}")), matrix.Select(test => test.Name));
    }

    [Fact]
    public void No_two_tests_have_one_name() =>
        Assert.Equal(SvmTestSuite.All.Count, SvmTestSuite.All.Select(test => test.Name).Distinct().Count());
}
