namespace GpuSvm.PostedStrategies;

/// <summary>Which of two algorithms a race runs.</summary>
internal enum Variant
{
    /// <summary>As it was posted.</summary>
    Posted,

    /// <summary>As GpuSvm has it.</summary>
    Repaired,
}
