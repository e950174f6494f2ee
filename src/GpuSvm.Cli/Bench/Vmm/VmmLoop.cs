using GpuSvm.Mmu;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Work on an address space that was just made: the same operations in the same order for the same scale.</summary>
internal abstract class VmmLoop
{
    /// <summary>Size of the area that pages are mapped in by pfn.</summary>
    protected const ulong Window = 1UL << 30;

    /// <summary>Number of small pages of the area.</summary>
    protected const ulong WindowPages = Window / Page.Size;

    /// <summary>What it is called, after <c>vmm.</c>.</summary>
    public abstract string Name { get; }

    /// <summary>How often the loop's body is done when it is measured.</summary>
    public abstract int Scale { get; }

    /// <summary>Does it.</summary>
    /// <param name="space">The address space.</param>
    /// <param name="scale">How often; <see cref="Scale"/> when it is measured.</param>
    /// <returns>Nanoseconds of one round.</returns>
    public abstract double Run(GpuAddressSpace space, int scale);

    /// <summary>Gives back what <see cref="Run"/> has left, so that it can be done again on the same address space.</summary>
    public abstract void Undo(GpuAddressSpace space);

    /// <summary>Managed memory, in bytes, that the measured part of the last <see cref="Run"/> took.</summary>
    public long AllocatedBytes { get; private set; }

    /// <summary>The measured part begins: counts memory from now on, and gives the time.</summary>
    protected long Start()
    {
        AllocatedBytes = -GC.GetAllocatedBytesForCurrentThread();
        return Clock.Monotonic.NowNanoseconds;
    }

    /// <summary>The measured part ends: nanoseconds from its start to now, divided by a number of rounds.</summary>
    protected double NanosecondsSince(long start, long rounds)
    {
        long elapsed = Clock.Monotonic.NowNanoseconds - start;
        AllocatedBytes += GC.GetAllocatedBytesForCurrentThread();
        return (double)elapsed / rounds;
    }

    /// <summary>Allocates addresses; a failure is a bug.</summary>
    protected static VirtualAddress Get(GpuAddressSpace space, in GetRequest request)
    {
        Demand(space.TryGet(request, out VirtualAddress address));
        return address;
    }

    /// <summary>The area of the loops that map by pfn: <c>get 0 1 0 0 30 0x40000000</c>.</summary>
    protected static VirtualAddress GetWindow(GpuAddressSpace space) => Get(space, new GetRequest(Window, AlignShift: 30));

    /// <summary>A page of video memory that the GPU may write.</summary>
    protected static PfnEntry Pfn(ulong page) =>
        PfnEntry.VideoMemory(page << Page.Shift, TranslationRights.Read | TranslationRights.Write);

    /// <summary>Fails loudly: a figure of operations that did not happen is worth nothing.</summary>
    protected static void Demand(Errno error)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, "An operation of a benchmark failed.");
        }
    }
}
