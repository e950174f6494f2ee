using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mmu.Spaces;

/// <summary>What the entries of a pfn request have in common: so that long runs are looked at once, eight at a time.</summary>
/// <param name="All">The bits that every entry has.</param>
/// <param name="Any">The bits that some entry has.</param>
internal readonly record struct PfnSummary(ulong All, ulong Any)
{
    /// <summary>True if all entries are valid, or none is.</summary>
    public bool IsOneRun => ((All ^ Any) & new PfnEntry(1).Bits) == 0;

    /// <summary>True if every entry says video memory.</summary>
    public bool IsInVideoMemory => new PfnEntry(All).IsVideoMemory && new PfnEntry(Any).IsVideoMemory;

    /// <summary>True if an entry may say that its page is on the bus, or in a peer's memory: their apertures share a bit that others lack.</summary>
    public bool HasForeignPages => (Any & PfnEntry.Bus(default, default).Bits & ~new PfnEntry(1).Bits) != 0;

    /// <summary>True if no entry says that its page is in a peer's memory.</summary>
    public bool AreForeignPagesOnBus => (Any & PfnEntry.Peer(0, default, default).Bits & ~PfnEntry.Bus(default, default).Bits) == 0;

    /// <summary>An address that has all bits of any entry's.</summary>
    public ulong AnyAddress => new PfnEntry(Any).Address;

    /// <summary>Sums up entries.</summary>
    public static PfnSummary Of(ReadOnlySpan<PfnEntry> pfns)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<PfnEntry, ulong>(pfns);
        ulong all = ulong.MaxValue;
        ulong any = 0;
        int done = 0;
        if (Vector256.IsHardwareAccelerated && words.Length >= 8)
        {
            ref ulong first = ref MemoryMarshal.GetReference(words);
            Vector256<ulong> alls = Vector256<ulong>.AllBitsSet;
            Vector256<ulong> anys = Vector256<ulong>.Zero;
            for (; done <= words.Length - 8; done += 8)
            {
                Vector256<ulong> left = Vector256.LoadUnsafe(ref first, (nuint)done);
                Vector256<ulong> right = Vector256.LoadUnsafe(ref first, (nuint)done + 4);
                alls &= left & right;
                anys |= left | right;
            }

            all = alls[0] & alls[1] & alls[2] & alls[3];
            any = anys[0] | anys[1] | anys[2] | anys[3];
        }

        foreach (ulong word in words[done..])
        {
            all &= word;
            any |= word;
        }

        return new PfnSummary(all, any);
    }

    /// <summary>Number of entries, from the first on, that are all valid or all not.</summary>
    public static int RunLength(ReadOnlySpan<PfnEntry> pfns)
    {
        ReadOnlySpan<ulong> words = MemoryMarshal.Cast<PfnEntry, ulong>(pfns);
        ulong valid = words[0] & 1;
        int length = 1;
        if (Vector256.IsHardwareAccelerated)
        {
            ref ulong first = ref MemoryMarshal.GetReference(words);
            Vector256<ulong> wanted = Vector256.Create(valid);
            for (; length <= words.Length - 4; length += 4)
            {
                Vector256<ulong> equal = Vector256.Equals(Vector256.LoadUnsafe(ref first, (nuint)length) & Vector256<ulong>.One, wanted);
                uint mask = equal.ExtractMostSignificantBits();
                if (mask != 0b1111)
                {
                    return length + BitOperations.TrailingZeroCount(~mask);
                }
            }
        }

        while (length < words.Length && (words[length] & 1) == valid)
        {
            length++;
        }

        return length;
    }
}
