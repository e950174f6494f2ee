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
    public string? Run(DevicePageKind kind, ulong seed)
    {
        try
        {
            using var machine = new HmmMachine(kind, seed);
            _body(machine);
            machine.End();
            return null;
        }
        catch (HmmExpectationException unmet)
        {
            return unmet.Message;
        }
        catch (Exception failure) when (failure is SvmException or InvariantException or InvalidOperationException or ArgumentException or AggregateException)
        {
            return $"{failure.GetType().Name}: {failure.Message}";
        }
    }

    /// <summary>The name.</summary>
    public override string ToString() => Name;
}
