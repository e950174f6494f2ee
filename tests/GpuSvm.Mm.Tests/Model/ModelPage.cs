namespace GpuSvm.Mm.Tests;

/// <summary>A mapped page as a dictionary says it.</summary>
/// <param name="Protection">What the program may do.</param>
/// <param name="Flags">Those of its mapping.</param>
/// <param name="Store">What stands behind it; null for anonymous private memory.</param>
/// <param name="Index">Its page there.</param>
/// <param name="Own">The word of a private page that was written; null where the store counts, or zero.</param>
internal readonly record struct ModelPage(
    Protection Protection, VmaFlags Flags = VmaFlags.None, ModelStore? Store = null, ulong Index = 0, ulong? Own = null)
{
    public bool IsShared => (Flags & VmaFlags.Shared) != 0;

    public ulong Value => Own ?? Store?[Index] ?? 0;

    public bool IsThere => Own is not null || Store is null || Store.Has(Index);

    public bool Allows(CpuAccess access) =>
        access == CpuAccess.Write ? Protection == Protection.ReadWrite : Protection != Protection.None;

    /// <summary>True if the two are in one mapping when they are neighbours.</summary>
    public bool JoinsWith(ModelPage next) =>
        (Protection, Flags, Store) == (next.Protection, next.Flags, next.Store) && (Store is null || Index + 1 == next.Index);

    public ModelPage Written(ulong value)
    {
        if (!IsShared)
        {
            return this with { Own = value };
        }

        Store![Index] = value;
        return this;
    }

    /// <summary>The page that lies some pages behind in the same mapping, not touched yet.</summary>
    public ModelPage Behind(ulong pages) => this with { Index = Store is null ? 0 : Index + pages, Own = null };
}
