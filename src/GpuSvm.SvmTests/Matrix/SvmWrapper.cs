namespace GpuSvm.SvmTests;

/// <summary>A shape of work: the first half of a test's name.</summary>
/// <param name="Name">Its name in IGT.</param>
/// <param name="Execs">Number of execs of each thread, one after the other.</param>
/// <param name="Queues">Number of channels that they go to in turn.</param>
/// <param name="SizeBytes">Size of a buffer; 0 for as much as the records need.</param>
/// <param name="Stride">Distance between the records of two execs, in records.</param>
/// <param name="Spread">Over whom it is spread.</param>
internal sealed record SvmWrapper(string Name, int Execs, int Queues = 1, ulong SizeBytes = 0, int Stride = 1, Spread Spread = Spread.None)
{
    /// <summary>Number of threads, or processes, of a wrapper that is spread.</summary>
    public const int Many = 4;

    /// <summary>Number of threads or processes.</summary>
    public int Workers { get; init; } = Spread == Spread.None ? 1 : Many;

    /// <summary>The same shape with as little of everything as still shows it, for the explorer.</summary>
    public SvmWrapper Least() => this with
    {
        Execs = Math.Min(2, Execs),
        Queues = Math.Min(2, Queues),
        Stride = Math.Min(ExecRecord.OnPage, Stride),
        Workers = Math.Min(2, Workers),
    };
}
