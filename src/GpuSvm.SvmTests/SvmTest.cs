namespace GpuSvm.SvmTests;

/// <summary>One of the tests.</summary>
public sealed class SvmTest
{
    private readonly Action<SvmMachine> _body;

    internal SvmTest(string name, string summary, Action<SvmMachine> body)
    {
        Name = name;
        Summary = summary;
        _body = body;
    }

    /// <summary>The name that IGT gives it: of a test of the matrix wrapper and section, with a hyphen between.</summary>
    public string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public string Summary { get; }

    /// <summary>The first half of its name; "others" for a test that is not of the matrix.</summary>
    public string Wrapper { get; internal init; } = OtherTests.Group;

    /// <summary>The second half of its name; empty for a test that is not of the matrix.</summary>
    public string Section { get; internal init; } = "";

    /// <summary>True if the CPU races with the GPU, so that the test has also a race for the explorer.</summary>
    public bool IsRace { get; internal init; }

    /// <summary>The name of its race for the explorer: <c>TEST-on-STRATEGY</c>, and the placement where pages move by themselves.</summary>
    public string RaceOn(SvmTestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return SectionRace.NameOf(Name, options);
    }

    /// <summary>Runs the test on a machine of its own, on real threads, and looks that nothing is left in the end.</summary>
    /// <param name="options">What it runs on.</param>
    /// <returns>What was not as it must be; null if all was.</returns>
    /// <remarks>On a thread of its own: what a failed test has left locked is nobody else's.</remarks>
    public string? Run(SvmTestOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        string? failure = null;
        SvmThread thread = SvmThread.Start(Name, () => failure = RunHere(options));
        try
        {
            thread.Join();
            return failure;
        }
        catch (AggregateException ended)
        {
            return failure ?? ended.Message;
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    /// <summary>An exception in a line.</summary>
    internal static string Describe(Exception thrown) =>
        thrown is SvmExpectationException ? thrown.Message : $"{thrown.GetType().Name}: {thrown.Message}";

    private string? RunHere(SvmTestOptions options)
    {
        var machine = new SvmMachine(options, MachineSize.Full, static task => task.GetAwaiter().GetResult());
        string? failure = FailureOf(() =>
        {
            _body(machine);
            machine.End();
        });
        string? left = FailureOf(machine.Dispose);
        return failure ?? left;
    }

    private static string? FailureOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return Describe(thrown);
        }
    }
}
