using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace GpuSvm.Mm;

/// <summary>One page of an <see cref="HmmRangeFault"/>: what is wanted of it, and then what the CPU's page table says.</summary>
/// <remarks>
/// <code>
///   63 62 61  60  59  58 57   53 52                                   0
///  +--+--+--+---+---+---+-------+--------------------------------------+
///  |V |W |E | D | P | B | order | page frame number                    |   out
///  |F |Wr|  | sticky    |                                              |   in
///  +--+--+--+---+---+---+-------+--------------------------------------+
/// </code>
/// <para>
/// Out: VALID, WRITE, ERROR, and the binary logarithm of the pages that the CPU maps as one. In: REQ_FAULT and REQ_WRITE, at the places
/// of VALID and WRITE. The sticky bits belong to the caller and pass through every call. Source: Linux 7.0 include/linux/hmm.h.
/// </para>
/// </remarks>
/// <param name="Bits">The word.</param>
public readonly record struct HmmPfn(ulong Bits)
{
    // As numbers, so that the loop over the pages of a range works with constants.
    private const ulong ValidBit = 1UL << 63;
    private const ulong WriteBit = 1UL << 62;
    private const ulong ErrorBit = 1UL << 61;
    private const ulong StickyBits = 7UL << 58;

    /// <summary>Out: the frame number counts, and the page may be read.</summary>
    public static readonly HmmPfn Valid = new(ValidBit);

    /// <summary>Out: the page may be written.</summary>
    public static readonly HmmPfn Write = new(WriteBit);

    /// <summary>Out: the page cannot be had.</summary>
    public static readonly HmmPfn Error = new(ErrorBit);

    /// <summary>Sticky: the caller has mapped the page for DMA.</summary>
    public static readonly HmmPfn DmaMapped = new(1UL << 60);

    /// <summary>Sticky: peer-to-peer memory.</summary>
    public static readonly HmmPfn PeerToPeer = new(1UL << 59);

    /// <summary>Sticky: peer-to-peer memory that is reached by bus address.</summary>
    public static readonly HmmPfn PeerToPeerBus = new(1UL << 58);

    /// <summary>In: the page is wanted; fault it in.</summary>
    public static readonly HmmPfn RequestFault = new(ValidBit);

    /// <summary>In: the page is wanted for writing; only together with <see cref="RequestFault"/>.</summary>
    public static readonly HmmPfn RequestWrite = new(WriteBit);

    private static BitField OrderField => new(57, 53);

    private static BitField FrameField => new(52, 0);

    /// <summary>True if the frame number counts.</summary>
    public bool IsValid => (Bits & ValidBit) != 0;

    /// <summary>True if the page may be written.</summary>
    public bool IsWritable => (Bits & WriteBit) != 0;

    /// <summary>True if the page cannot be had.</summary>
    public bool IsError => (Bits & ErrorBit) != 0;

    /// <summary>Binary logarithm of the number of pages that the CPU maps as one; 0 for a single page.</summary>
    public int Order => (int)OrderField.Get(Bits);

    /// <summary>The frame; only where <see cref="IsValid"/>.</summary>
    public FrameNumber Frame => new(FrameField.Get(Bits));

    /// <summary>Number of pages from this one to the end of the block that the CPU maps as one, at most <paramref name="limit"/>.</summary>
    /// <param name="limit">Number of words from this one to the end of what was asked: the block may reach beyond it.</param>
    public int PagesOfBlock(int limit)
    {
        int block = 1 << Order;
        return Math.Min(block - (int)(Frame.Value & (ulong)(block - 1)), limit);
    }

    /// <summary>The bits that pass from input to output.</summary>
    public HmmPfn Sticky => new(Bits & StickyBits);

    /// <summary>As a request: the page is wanted.</summary>
    internal bool AsksForFault => (Bits & ValidBit) != 0;

    /// <summary>As a request: the page is wanted for writing, if it is wanted.</summary>
    internal bool AsksForWrite => (Bits & WriteBit) != 0;

    /// <summary>The bits of both.</summary>
    public static HmmPfn operator |(HmmPfn left, HmmPfn right) => new(left.Bits | right.Bits);

    /// <summary>The bits that both have.</summary>
    public static HmmPfn operator &(HmmPfn left, HmmPfn right) => new(left.Bits & right.Bits);

    /// <summary>What is said of a present page.</summary>
    internal static HmmPfn Of(FrameNumber frame, bool isWritable, int order = 0) =>
        new(FrameField.Put(frame.Value) | ValidBit | (isWritable ? WriteBit : 0) | OrderField.Put((ulong)order));

    /// <summary>What is said of a page of its own that is present.</summary>
    internal static HmmPfn OfPresent(CpuPte pte) => new(pte.Frame.Value | ValidBit | (pte.IsWritable ? WriteBit : 0));

    /// <summary>Answers for consecutive pages of a huge page; the sticky bits stay.</summary>
    /// <param name="pfns">What is asked, and the answers.</param>
    /// <param name="first">The answer for the first.</param>
    internal static void FillRun(Span<HmmPfn> pfns, HmmPfn first)
    {
        // Two vectors a turn: the sum of one does not wait for that of the other.
        Span<VectorPair> pairs = MemoryMarshal.Cast<HmmPfn, VectorPair>(pfns);
        Vector256<ulong> sticky = Vector256.Create(StickyBits);
        Vector256<ulong> low = Vector256.Create(first.Bits) + Vector256<ulong>.Indices;
        Vector256<ulong> high = low + Vector256.Create((ulong)Vector256<ulong>.Count);
        Vector256<ulong> step = Vector256.Create((ulong)VectorPair.Count);
        foreach (ref VectorPair pair in pairs)
        {
            pair.Low = (pair.Low & sticky) | low;
            pair.High = (pair.High & sticky) | high;
            low += step;
            high += step;
        }

        for (int i = pairs.Length * VectorPair.Count; i < pfns.Length; i++)
        {
            pfns[i] = pfns[i].Sticky | new HmmPfn(first.Bits + (ulong)i);
        }
    }

    /// <summary>True if all bits of <paramref name="flags"/> are set.</summary>
    public bool Has(HmmPfn flags) => (this & flags) == flags;

    /// <summary>The word in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"hmm:0x{Bits:x}");

    private struct VectorPair
    {
        public const int Count = 8;
        public Vector256<ulong> Low;
        public Vector256<ulong> High;
    }
}
