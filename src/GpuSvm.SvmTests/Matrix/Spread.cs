namespace GpuSvm.SvmTests;

/// <summary>Over whom the work of a test is spread.</summary>
internal enum Spread
{
    /// <summary>One thread does all.</summary>
    None,

    /// <summary>Threads of one process, each with a GPU page table of its own: on a GPU of its own, for a GPU has one for an address space.</summary>
    Threads,

    /// <summary>Threads of one process on one GPU, which share its page table.</summary>
    ThreadsSharedVm,

    /// <summary>Processes on one GPU.</summary>
    Processes,
}
