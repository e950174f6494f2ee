namespace GpuSvm.HmmTests;

/// <summary>What a test is about, and so what it must notice when it does nothing.</summary>
public enum HmmTestArea
{
    /// <summary>Pages that stay where they are.</summary>
    Access,

    /// <summary>Pages that move to a device.</summary>
    Migration,

    /// <summary>Pages that a device has for itself.</summary>
    Exclusive,
}
