using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>What a script works on: at most one GP100 address space, its page-table memory, and memory objects.</summary>
internal sealed class ScriptMachine
{
    /// <summary>The address space; null before <c>new</c>, and after the last reference is dropped.</summary>
    public GpuAddressSpace? Space { get; private set; }

    /// <summary>The memory of the page tables.</summary>
    public ScriptTables Tables { get; } = new();

    /// <summary>The IOMMU.</summary>
    public ScriptDma Dma { get; } = new();

    /// <summary>The device's TLB.</summary>
    public ScriptTlb Tlb { get; } = new();

    /// <summary>Failures of the address space's own records.</summary>
    public ScriptBooks Books { get; } = new();

    /// <summary>The memory objects.</summary>
    public ScriptObjects Objects { get; } = new();

    /// <summary>Makes the address space, and counts from 0 on.</summary>
    /// <returns>What the constructor answers; <see cref="Errno.EEXIST"/> if there is one.</returns>
    public Errno Create(GpuAddressSpaceManagement management, ulong start, ulong size)
    {
        if (Space is not null)
        {
            return Errno.EEXIST;
        }

        Tables.ResetCounts();
        Dma.ResetCounts();
        Tlb.ResetCounts();
        var options = new GpuAddressSpaceOptions
        {
            Management = management,
            Start = start,
            Size = size,
            SpareTables = 0, // Each table has an address of its own, that of the script's k-th.
            Bookkeeping = Books,
        };
        Errno error = GpuAddressSpace.TryCreate<Gp100Format>(Tables, Dma, Tlb, options, out GpuAddressSpace? space);
        Space = space;
        return error;
    }

    /// <summary>Drops a reference of the address space.</summary>
    /// <returns>True if it was the last: then there is none any more.</returns>
    public bool Release()
    {
        bool isLast = Space!.Release();
        Space = isLast ? null : Space;
        return isLast;
    }

    /// <summary>Releases everything, and says what should be gone then and is not.</summary>
    public ScriptLeaks Teardown()
    {
        GpuAddressSpace? space = Space;
        int findings = space?.Check().Count ?? 0;
        Space = null;
        space?.Dispose();
        Objects.ReleaseAll();
        return new ScriptLeaks(Tables.Live, space?.Counters.LiveTables ?? 0, Objects.CountLive(), Dma.Live, findings);
    }
}
