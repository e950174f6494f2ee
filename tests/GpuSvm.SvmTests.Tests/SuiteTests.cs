namespace GpuSvm.SvmTests.Tests;

/// <summary>Every test of the matrix passes on real threads: one fact for each wrapper, whose failure names the tests that failed.</summary>
public sealed class SuiteTests
{
    public static TheoryData<string> Wrappers => [.. SvmTestSuite.All.Select(test => test.Wrapper).Distinct()];

    [Theory]
    [MemberData(nameof(Wrappers))]
    public void The_tests_of_a_wrapper_pass(string wrapper) => Passes(wrapper, new SvmTestOptions());

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

    private static void Passes(string wrapper, SvmTestOptions options)
    {
        IEnumerable<SvmTest> tests = SvmTestSuite.All.Where(test => test.Wrapper == wrapper);
        string[] failures = [.. tests.Select(test => (test.Name, Failure: test.Run(options))).Where(one => one.Failure is not null).Select(one => $"{one.Name}: {one.Failure}")];
        Assert.True(failures.Length == 0, string.Join('\n', failures));
    }
}
