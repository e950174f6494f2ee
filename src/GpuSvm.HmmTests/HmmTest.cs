namespace GpuSvm.HmmTests;

/// <summary>One of the tests.</summary>
public sealed class HmmTest
{
    private readonly Action<HmmMachine> _body;

    internal HmmTest(HmmTestArea area, string name, string summary, Action<HmmMachine> body)
    {
        Area = area;
        Name = name;
        Summary = summary;
        _body = body;
    }

    /// <summary>What it is about.</summary>
    public HmmTestArea Area { get; }

    /// <summary>The name that Linux gives it.</summary>
    public string Name { get; }

    /// <summary>What it does, in a line.</summary>
    public string Summary { get; }

    /// <summary>Runs the test on a machine of its own, and looks that nothing is left in the end.</summary>
    /// <param name="kind">What memory the devices have.</param>
    /// <param name="seed">Where all chance comes from.</param>
    /// <returns>What was not as it must be; null if all was.</returns>
    /// <remarks>On a thread of its own: what a failed test has left locked is nobody else's.</remarks>
    public string? Run(DevicePageKind kind, ulong seed)
    {
        string? failure = null;
        SvmThread thread = SvmThread.Start(Name, () => failure = RunHere(kind, seed));
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

    private string? RunHere(DevicePageKind kind, ulong seed)
    {
        var machine = new HmmMachine(kind, seed);
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
        catch (HmmExpectationException unmet)
        {
            return unmet.Message;
        }
        catch (Exception thrown) when (thrown is not OutOfMemoryException)
        {
            return $"{thrown.GetType().Name}: {thrown.Message}";
        }
    }
}
