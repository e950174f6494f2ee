namespace GpuSvm.Mm;

/// <summary>A simulated CPU that runs the threads of one process: it walks the address space's own page table through TLBs.</summary>
/// <remarks>
/// Since the table of the address space is the hardware's table, entering a page needs nothing here; taking one away needs the TLBs of
/// all threads flushed (a TLB shootdown). Source: Linux arch/x86/mm/tlb.c, flush_tlb_mm_range.
/// </remarks>
public sealed class SimulatedCpu : ICpu
{
    private readonly CpuThread[] _threads;
    private ICpuFaultHandler? _handler;
    private CpuPageTable? _table;

    /// <summary>Makes a CPU.</summary>
    /// <param name="memory">The memory that page-table entries point to.</param>
    /// <param name="threads">Number of threads that can run at once: at least 1.</param>
    public SimulatedCpu(SystemMemory memory, int threads)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threads);
        _threads = [.. Enumerable.Range(0, threads).Select(_ => new CpuThread(this, memory))];
    }

    /// <summary>Number of threads.</summary>
    public int ThreadCount => _threads.Length;

    /// <inheritdoc/>
    public CpuCapabilities Capabilities => CpuCapabilities.FreeFrames | CpuCapabilities.SharedZeroPage | CpuCapabilities.AliasableFrames;

    internal ICpuFaultHandler Handler => _handler ?? throw new InvalidOperationException("The CPU runs in no address space yet.");

    internal CpuPageTable Table => _table ?? throw new InvalidOperationException("The CPU runs in no address space yet.");

    /// <summary>One thread of the CPU; used by one caller at a time.</summary>
    /// <param name="index">0 to <see cref="ThreadCount"/> - 1.</param>
    public CpuThread Thread(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _threads.Length);
        return _threads[index];
    }

    /// <inheritdoc/>
    public void Attach(ICpuFaultHandler handler, CpuPageTable table)
    {
        ArgumentNullException.ThrowIfNull(handler);
        ArgumentNullException.ThrowIfNull(table);
        if (_handler is not null)
        {
            throw new InvalidOperationException("The CPU runs in an address space already.");
        }

        _table = table;
        _handler = handler;
    }

    /// <summary>Does nothing: the walker sees the entries.</summary>
    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection) => true;

    /// <inheritdoc/>
    public void WriteProtect(AddressRange range) => Flush(range, CpuAccess.Write);

    /// <inheritdoc/>
    public void Isolate(AddressRange range) => Flush(range, CpuAccess.Write);

    /// <inheritdoc/>
    public void Revoke(AddressRange range, FrameNumber firstFrame) => Flush(range, CpuAccess.Read);

    /// <inheritdoc/>
    public void Leave(AddressRange range) => Flush(range, CpuAccess.Read);

    /// <inheritdoc/>
    public void Detach(AddressRange range, FrameNumber firstFrame) => Flush(range, CpuAccess.Read);

    /// <summary>Does nothing: an access that faults waits in its own thread.</summary>
    public void Wake(AddressRange range)
    {
    }

    /// <summary>On return no access completes through a translation of the range that the table no longer holds.</summary>
    /// <param name="range">The pages.</param>
    /// <param name="what">Read for every access; Write for stores alone: loads may go on.</param>
    private void Flush(AddressRange range, CpuAccess what)
    {
        if (Breaks.CpuFlushLeftOut)
        {
            return;
        }

        // The entries were changed before; a thread that is not seen to run here will see them so when it starts.
        Interlocked.MemoryBarrier();
        bool any = false;
        foreach (CpuThread thread in _threads)
        {
            any |= thread.TryDrop(range, what);
        }

        if (!any)
        {
            return;
        }

        AccessBarrier.Pass();
        foreach (CpuThread thread in _threads)
        {
            thread.WaitForAccessInFlight();
        }
    }
}
