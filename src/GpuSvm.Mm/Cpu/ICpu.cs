namespace GpuSvm.Mm;

/// <summary>The CPU's memory-management unit below an address space: simulated hardware, or a live process.</summary>
/// <remarks>
/// <para>
/// The address space's own page table decides; this is the machine that carries it out. Invariant: the CPU's real entry never grants
/// more than the address space's entry.
/// </para>
/// <para>
/// Locking: every call is made under the page-table lock of its pages, or with the mmap lock held exclusively, which keeps anybody from
/// entering pages of the range meanwhile (so one flush can serve a range of many tables). The implementation takes no lock above these.
/// </para>
/// </remarks>
public interface ICpu
{
    /// <summary>What this CPU can do; fixed for its life.</summary>
    CpuCapabilities Capabilities { get; }

    /// <summary>Connects the CPU with its address space; called once.</summary>
    /// <param name="handler">Serves the CPU's faults.</param>
    /// <param name="table">The address space's page table: simulated hardware walks it, a live process has its own.</param>
    void Attach(ICpuFaultHandler handler, CpuPageTable table);

    /// <summary>Lets the CPU reach pages that the address space has just entered, or may use in more ways than before.</summary>
    /// <param name="range">Page-aligned, half-open.</param>
    /// <param name="firstFrame">Frame of the first page; the others follow it.</param>
    /// <param name="protection">What the CPU may do: not more than the address space's entries say.</param>
    void Map(AddressRange range, FrameNumber firstFrame, Protection protection);

    /// <summary>Takes write access away; on return no store completes through an old translation of the range.</summary>
    void WriteProtect(AddressRange range);

    /// <summary>On return no store of the CPU completes through any mapping of these frames; loads may go on: the bytes are stable.</summary>
    void Isolate(AddressRange range);

    /// <summary>On return no access completes through an old translation of the range.</summary>
    void Detach(AddressRange range);

    /// <summary>Lets accesses go on that wait on the range.</summary>
    void Wake(AddressRange range);
}
