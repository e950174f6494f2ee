using GpuSvm.Cli.Output;
using GpuSvm.Cli.Runs.Ranges;

namespace GpuSvm.Cli.Runs.Targets;

/// <summary>A process whose memory a GPU shares: all that a workload knows of where it runs.</summary>
/// <remarks>
/// Memory is used by one thread at a time, but launches may be under way meanwhile. An access to memory that is not mapped is a mistake of
/// the workload and throws.
/// </remarks>
internal abstract class RunTarget : IAsyncDisposable
{
    /// <summary>What the user asked for.</summary>
    public abstract MachineOptions Options { get; }

    /// <summary>Maps zeroed memory that the CPU and the GPU may read and write.</summary>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <returns>Address of the first byte, a multiple of the page size.</returns>
    /// <exception cref="SvmException">No room is left.</exception>
    public abstract VirtualAddress Map(ByteSize size);

    /// <summary>Maps zeroed memory at an address, or elsewhere if something is there.</summary>
    /// <param name="hint">The address wished for, a multiple of the page size.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    /// <param name="address">Address of the first byte.</param>
    /// <returns>What mmap answers.</returns>
    public abstract Errno TryMap(VirtualAddress hint, ByteSize size, out VirtualAddress address);

    /// <summary>Unmaps memory: from then on neither the CPU nor the GPU reaches it.</summary>
    /// <param name="address">A multiple of the page size.</param>
    /// <param name="size">Number of bytes, rounded up to whole pages; at least 1.</param>
    public abstract void Unmap(VirtualAddress address, ByteSize size);

    /// <summary>Loads a value of 1, 2, 4 or 8 bytes from a multiple of its size, atomically.</summary>
    public abstract T Load<T>(VirtualAddress address)
        where T : unmanaged;

    /// <summary>Stores a value of 1, 2, 4 or 8 bytes at a multiple of its size, atomically and after all stores before it.</summary>
    public abstract void Store<T>(VirtualAddress address, T value)
        where T : unmanaged;

    /// <summary>Stores a value if the word holds another one that is expected; atomic, and a full fence.</summary>
    /// <returns>What the word held before.</returns>
    public abstract T CompareExchange<T>(VirtualAddress address, T expected, T value)
        where T : unmanaged;

    /// <summary>Copies bytes in; not atomic.</summary>
    public abstract void Write(VirtualAddress address, ReadOnlySpan<byte> source);

    /// <summary>Runs a kernel on this memory to its end.</summary>
    public abstract Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged;

    /// <summary>What has been counted so far.</summary>
    public abstract Task<MachineCounters> CountersAsync();

    /// <summary>Where the memory is now, and its ranges in order of address; null and none where it is not followed by ranges.</summary>
    public abstract Task<(ResidencyDocument? Memory, IReadOnlyList<RangeRow> Ranges)> ResidencyAsync();

    /// <summary>Sees to it that all which has happened is in <see cref="MachineOptions.Events"/>; nothing may be asked afterwards.</summary>
    public abstract Task CompleteEventsAsync();

    /// <summary>What this is, for the answer.</summary>
    public abstract MachineDocument Describe();

    /// <summary>Ends the process; call it when no launch is under way.</summary>
    public abstract ValueTask DisposeAsync();
}
