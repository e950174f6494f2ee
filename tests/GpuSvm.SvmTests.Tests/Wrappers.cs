namespace GpuSvm.SvmTests.Tests;

/// <summary>Runs the tests of a wrapper one after the other: one fact for each wrapper, whose failure names the tests that failed.</summary>
internal static class Wrappers
{
    /// <summary>All wrappers, and the name under which the other tests are listed.</summary>
    public static TheoryData<string> All => [.. SvmTestSuite.All.Select(test => test.Wrapper).Distinct()];

    /// <summary>Fails unless all tests of a wrapper pass; its races have tests of their own.</summary>
    public static void Passes(string wrapper, SvmTestOptions options)
    {
        string[] failures =
        [
            .. SvmTestSuite.All.Where(test => test.Wrapper == wrapper && !test.IsRace)
                .Select(test => (test.Name, Failure: test.Run(options)))
                .Where(one => one.Failure is not null)
                .Select(one => $"{one.Name}: {one.Failure}"),
        ];
        Assert.True(failures.Length == 0, string.Join('\n', failures));
    }
}
