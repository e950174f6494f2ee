namespace GpuSvm.Cli.Bench.Faults;

/// <summary>What the faults ask for that two workers serve.</summary>
internal enum WorkersLoad
{
    /// <summary>Pages that follow each other, and that the CPU has.</summary>
    InPlace,

    /// <summary>Pages that follow each other, and that nobody has: each takes a frame, which is cleared.</summary>
    FirstTouch,

    /// <summary>Every other page of some that the CPU has: each becomes a piece of its own in the GPU's address space.</summary>
    EveryOther,
}
