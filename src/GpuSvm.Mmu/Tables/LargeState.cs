using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Tables;

/// <summary>What is known of one entry of a large page table beside what it maps: who answers for its addresses.</summary>
/// <param name="Bits">The number of references of small entries below it; the top bit says sparse.</param>
/// <remarks>
/// While small entries are in use the large one says "ask the small table". While none is, it says sparse, or that there are no small
/// pages. Source: Linux nouveau vmm.h, NVKM_VMM_PTE_*.
/// </remarks>
internal readonly record struct LargeState(ushort Bits)
{
    private const ushort SparseBit = 1 << 15;

    /// <summary>References of small entries below.</summary>
    public int SmallReferences => Bits & ~SparseBit;

    /// <summary>Loads read zero where nothing is mapped.</summary>
    public bool IsSparse => (Bits & SparseBit) != 0;

    /// <summary>The state with more references of small entries, or fewer.</summary>
    public LargeState Add(int references) => new((ushort)(Bits + references));

    /// <summary>Adds to the references of small entries below each of some large ones.</summary>
    /// <param name="states">What is known of the large entries.</param>
    /// <param name="references">How many; less than 0 to drop some. There are never fewer than 0, and never so many that they do not fit.</param>
    public static void AddToAll(Span<LargeState> states, int references)
    {
        int done = 0;
        if (Vector128.IsHardwareAccelerated)
        {
            ref ushort first = ref MemoryMarshal.GetReference(MemoryMarshal.Cast<LargeState, ushort>(states));
            var added = Vector128.Create((short)references).AsUInt16();
            for (; done <= states.Length - Vector128<ushort>.Count; done += Vector128<ushort>.Count)
            {
                (Vector128.LoadUnsafe(ref first, (nuint)done) + added).StoreUnsafe(ref first, (nuint)done);
            }
        }

        foreach (ref LargeState state in states[done..])
        {
            state = state.Add(references);
        }
    }

    /// <summary>The state when the large entry is sparse.</summary>
    public LargeState WithSparse() => new((ushort)(Bits | SparseBit));

    /// <summary>The state when the large entry is not sparse.</summary>
    public LargeState WithoutSparse() => new((ushort)(Bits & ~SparseBit));
}
