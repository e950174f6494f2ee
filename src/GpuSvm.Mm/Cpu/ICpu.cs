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

    /// <summary>Lets the CPU reach pages as the address space's entries say, and lets accesses go on that wait on them.</summary>
    /// <param name="range">Page-aligned, half-open.</param>
    /// <param name="firstFrame">Frame of the first page; the others follow it.</param>
    /// <param name="protection">What the CPU may do: not more than the address space's entries say.</param>
    /// <returns>
    /// False when the CPU could not be told now: the address space's entries stay, and the CPU asks for its accesses, pending or next,
    /// again.
    /// </returns>
    /// <remarks>
    /// Called for new entries, for entries with new rights, and once more for an entry that a fault finds good already: the CPU may have
    /// fewer entries than the address space. What the CPU has already it has after another call too.
    /// </remarks>
    bool Map(AddressRange range, FrameNumber firstFrame, Protection protection);

    /// <summary>Takes write access away; on return no store completes through an old translation of the range.</summary>
    void WriteProtect(AddressRange range);

    /// <summary>On return no store of the CPU completes through any mapping of these frames; loads may go on: the bytes are stable.</summary>
    void Isolate(AddressRange range);

    /// <summary>Takes all access away; on return no access completes through an old translation of the range. The bytes stay.</summary>
    /// <param name="range">Page-aligned, half-open.</param>
    /// <param name="firstFrame">Frame of the first page, the others follow it; without meaning for a CPU with free frames.</param>
    void Revoke(AddressRange range, FrameNumber firstFrame);

    /// <summary>
    /// Forgets pages that the program itself has taken out of its mappings, or moved; on return no access completes through an old
    /// translation of the range. The bytes stay, for other mappings show them.
    /// </summary>
    /// <remarks>A live process has no entries there any more when it is told: it has unmapped or moved them itself.</remarks>
    void Leave(AddressRange range);

    /// <summary>
    /// Takes pages away; on return no access completes through an old translation of the range. Where frames are fixed the bytes are
    /// gone: all who map the frames read zero.
    /// </summary>
    /// <param name="range">Page-aligned, half-open. Pages in it that were never entered hold no bytes either.</param>
    /// <param name="firstFrame">Frame of the first page, the others follow it; without meaning for a CPU with free frames.</param>
    void Detach(AddressRange range, FrameNumber firstFrame);

    /// <summary>Has accesses that wait on the range look again. Called once after pages were taken out of it.</summary>
    void Wake(AddressRange range);
}
