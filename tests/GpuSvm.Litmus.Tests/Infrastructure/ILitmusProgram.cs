namespace GpuSvm.Litmus.Tests;

/// <summary>A race of two threads, run again and again, and the outcome that no memory order may give.</summary>
internal interface ILitmusProgram : IDisposable
{
    /// <summary>Makes the next round ready. On the second thread, with nothing else running.</summary>
    void Prepare();

    /// <summary>What the first thread touches before a round, so that its loads are quick and the other one's stores are slow.</summary>
    void Approach()
    {
    }

    /// <summary>What the first thread does in a round: the side that accesses, walks or reads.</summary>
    void First();

    /// <summary>What the second thread does in a round: the side that takes away or publishes. It also prepared the round.</summary>
    void Second();

    /// <summary>What the round showed that it must not, or null. On the second thread, with nothing else running.</summary>
    string? Forbidden();
}
