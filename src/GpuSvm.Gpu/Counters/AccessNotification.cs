namespace GpuSvm.Gpu;

/// <summary>That a GPU has accessed a stretch of memory as often as its threshold says.</summary>
/// <param name="Instance">The channel that made the last of the accesses.</param>
/// <param name="IsVideoMemory">True if the address is one of the GPU's own memory; else it is virtual, and what is behind it lies elsewhere.</param>
/// <param name="Address">First byte of the stretch: a multiple of its size, the granularity.</param>
/// <param name="Parts">
/// Which parts of the stretch were accessed, bit 0 for the first: of 64 KiB, or a thirty-second of the stretch if that is more.
/// </param>
/// <param name="Count">Number of accesses: the threshold.</param>
/// <remarks>Source: NVIDIA UVM, uvm_access_counter_buffer_entry_t: instance, address and its type, granularity, sub-granularity mask.</remarks>
public readonly record struct AccessNotification(InstancePointer Instance, bool IsVideoMemory, ulong Address, uint Parts, int Count);
