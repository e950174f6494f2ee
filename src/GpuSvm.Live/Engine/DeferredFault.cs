namespace GpuSvm.Live;

/// <summary>A fault that the kernel put off; it is asked for again until the deadline.</summary>
internal readonly record struct DeferredFault(VirtualAddress Address, CpuAccess Access, Deadline Deadline);
