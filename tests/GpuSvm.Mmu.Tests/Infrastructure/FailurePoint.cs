namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>Counts the attempts at one kind of allocation and fails the one it was told to fail.</summary>
internal sealed class FailurePoint
{
    /// <summary>Attempts so far.</summary>
    public int Attempts { get; private set; }

    /// <summary>Attempts that still succeed; negative for all.</summary>
    public int Allowed { get; set; } = -1;

    public bool Fails()
    {
        Attempts++;
        return Allowed >= 0 && Allowed-- == 0;
    }
}
