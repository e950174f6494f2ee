namespace GpuSvm.Mm;

/// <summary>Where an address space uses huge pages. Source: Linux /sys/kernel/mm/transparent_hugepage/enabled.</summary>
public enum HugePagePolicy : byte
{
    /// <summary>In mappings that were advised to have them (madvise).</summary>
    Advised,

    /// <summary>In every mapping that was not advised against them (always).</summary>
    Always,

    /// <summary>Nowhere, unless pages are collapsed on request (never).</summary>
    Never,
}
