using System.Runtime.CompilerServices;

namespace GpuSvm.Driver;

/// <summary>What a fault is sorted by: its client's place in the batch, its page, and how little it asks for.</summary>
/// <param name="Bits">The word: sorting by it sorts faults.</param>
/// <remarks>
/// <code>
///   63            47 46                                    2 1            0
///  +----------------+---------------------------------------+--------------+
///  | client         | page number: address bits 56:12       | 3 - strength |
///  +----------------+---------------------------------------+--------------+
/// </code>
/// So the faults of a client, of a block, of a page and of one access of a page lie together, and the strongest access of a page comes
/// first. Faults with equal keys keep the order in which they arrived, because the sort is stable: the order is total.
/// </remarks>
internal readonly record struct FaultKey(ulong Bits)
{
    /// <summary>Number of bits, the lowest ones, in which the keys of one block differ.</summary>
    public const int BlockBits = PageShift + HugePage.Order;

    /// <summary>Number of address bits that a key has room for: more than any format translates.</summary>
    public const int AddressBits = 57;

    // The accesses as bytes, strongest first.
    private const uint AccessesByWeakness =
        (uint)FaultAccess.Atomic | ((uint)FaultAccess.Write << 8) | ((uint)FaultAccess.Read << 16) | ((uint)FaultAccess.Prefetch << 24);

    private const int PageShift = 2;

    private static BitField ClientField => new(63, 47);

    private static BitField PageField => new(46, 2);

    private static BitField WeaknessField => new(1, 0);

    /// <summary>Makes the key of a fault of an address below 2^57.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static FaultKey Of(int client, VirtualAddress address, FaultAccess access) =>
        new(ClientField.Put((ulong)client) | PageField.Put(address.Value >> Page.Shift) | WeaknessField.Put((ulong)(3 - StrengthOf(access))));

    /// <summary>The client's place in the batch.</summary>
    public int Client => (int)ClientField.Get(Bits);

    /// <summary>Address of the page.</summary>
    public VirtualAddress Address => PageField.Get(Bits) << Page.Shift;

    /// <summary>Index of the page in its 2 MiB block.</summary>
    public int PageInBlock => (int)((Bits >> PageShift) & (HugePage.PageCount - 1));

    /// <summary>The client and the block: equal, and only equal, for faults of the same client and aligned 2 MiB of addresses.</summary>
    public ulong Block => Bits >> BlockBits;

    /// <summary>What the fault's access wants.</summary>
    public FaultAccess Access
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => (FaultAccess)((AccessesByWeakness >> (int)(8 * (Bits & 3))) & 0xff);
    }

    /// <summary>The same page and access of a client with another place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public FaultKey With(int client) => new((Bits & ~ClientField.Mask) | ClientField.Put((ulong)client));

    /// <summary>The block of a client with another place: <see cref="Block"/> of such keys.</summary>
    public static ulong BlockWith(ulong block, int client) => new FaultKey(block << BlockBits).With(client).Block;

    /// <summary>The client's place that a <see cref="Block"/> names.</summary>
    public static int ClientOf(ulong block) => new FaultKey(block << BlockBits).Client;

    /// <summary>True for faults of the same client and page.</summary>
    public bool IsSamePage(FaultKey other) => Bits >> PageShift == other.Bits >> PageShift;

    /// <summary>How much an access asks for: an atomic the most, a prefetch the least.</summary>
    internal static int StrengthOf(FaultAccess access) => access switch
    {
        FaultAccess.Atomic => 3,
        FaultAccess.Write => 2,
        FaultAccess.Read => 1,
        _ => 0,
    };
}
