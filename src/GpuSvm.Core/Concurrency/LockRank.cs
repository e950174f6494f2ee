namespace GpuSvm.Core;

/// <summary>The one lock order, outermost first: a thread takes locks only in rising rank.</summary>
/// <remarks>docs/locking.md draws the order and says what each lock protects. Source: DESIGN, section 4.</remarks>
public enum LockRank : byte
{
    /// <summary>Launches and the list of processes of a machine: taken by the user's calls, before everything else.</summary>
    Machine = 10,

    /// <summary>Servicing of one GPU's fault buffer: one servicer at a time.</summary>
    FaultServicing = 15,

    /// <summary>The driver's SVM lock: shared per fault, exclusive for teardown.</summary>
    DriverSvm = 20,

    /// <summary>Servicing of one 2 MiB block.</summary>
    Block = 30,

    /// <summary>An address space's mmap lock.</summary>
    Mmap = 40,

    /// <summary>A page frame's lock; a second one only by trylock.</summary>
    Page = 50,

    /// <summary>The reverse map.</summary>
    ReverseMap = 60,

    /// <summary>The pages of one object that mappings share: memory, or a file.</summary>
    PageCache = 65,

    /// <summary>A CPU page-table leaf. Never held when an invalidation is opened.</summary>
    CpuPageTable = 70,

    /// <summary>Which pages of a memory object are kept without an entry, and how many mappings show each. Never held when an invalidation is opened.</summary>
    MemoryObject = 75,

    /// <summary>The frame allocator. Never held when an invalidation is opened.</summary>
    FrameAllocator = 80,

    /// <summary>A mirror's update lock; one mirror at a time.</summary>
    Update = 90,

    /// <summary>A GPU address space.</summary>
    GpuAddressSpace = 100,

    /// <summary>References to GPU page tables.</summary>
    PageTableReferences = 110,

    /// <summary>TLB, IOMMU, VRAM free list, fault buffer, notifier internal: leaves, one at a time.</summary>
    Device = 120,

    /// <summary>Telemetry.</summary>
    Telemetry = 130,
}
