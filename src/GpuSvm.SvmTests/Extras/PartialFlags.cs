namespace GpuSvm.SvmTests;

/// <summary>What a test does with a part of a buffer that the GPU has used.</summary>
[Flags]
internal enum PartialFlags
{
    /// <summary>The first half is unmapped; the GPU stores; the CPU touches nothing in between.</summary>
    None = 0,

    /// <summary>The GPU adds in one step instead of storing.</summary>
    Atomic = 1 << 0,

    /// <summary>The half in the middle is unmapped.</summary>
    Middle = 1 << 1,

    /// <summary>Something else is mapped there at once.</summary>
    Remap = 1 << 2,

    /// <summary>The CPU looks at what the GPU has written before the part is unmapped.</summary>
    CpuFault = 1 << 3,
}
