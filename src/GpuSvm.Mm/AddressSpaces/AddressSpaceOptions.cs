namespace GpuSvm.Mm;

/// <summary>Shape and limits of an <see cref="AddressSpace"/>.</summary>
public sealed record AddressSpaceOptions
{
    /// <summary>Clock of the deadlines that users of the address space set.</summary>
    public Clock Clock { get; init; } = Clock.Monotonic;

    /// <summary>The addresses that can be mapped: page-aligned, below 2^48.</summary>
    /// <remarks>Source: x86-64 user space with 47 bits, TASK_SIZE_MAX; the first page stays free (mmap_min_addr).</remarks>
    public AddressRange Window { get; init; } = new(0x1000UL, 0x7fff_ffff_f000UL);

    /// <summary>Seed of the distance between the window's end and the first mapping without a wish; 0 for none.</summary>
    /// <remarks>Source: Linux mmap_base, with 28 random bits (mmap_rnd_bits), at most an eighth of the window.</remarks>
    public ulong Seed { get; init; }

    /// <summary>Largest number of mappings. Source: Linux vm.max_map_count.</summary>
    public int VmaLimit { get; init; } = 65530;

    /// <summary>Where huge pages are used for anonymous private memory.</summary>
    public HugePagePolicy HugePages { get; init; } = HugePagePolicy.Advised;
}
