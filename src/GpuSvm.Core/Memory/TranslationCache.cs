using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Core;

/// <summary>The small translation cache (TLB) of one simulated CPU or GPU unit, with the mark of its access in flight.</summary>
/// <remarks>
/// <para>Used by one thread at a time (its owner) and flushed by any other. The protocol:</para>
/// <code>
/// owner: BeginAccess; TryTranslate; touch the memory; EndAccess        -- plain loads and stores only
/// owner: BeginAccess; s = Sequence; walk; Fill(s); …; EndAccess        -- a fill that a flush overtook leaves nothing behind
/// other: change the page table; Drop(range) or DropStores(range); AccessBarrier.Pass(); WaitForAccessInFlight()
/// </code>
/// <para>
/// Once the last call returns no access can complete through an old translation. Between BeginAccess and EndAccess the owner never
/// waits for anything, so a flush always ends.
/// </para>
/// </remarks>
public sealed class TranslationCache
{
    /// <summary>Number of entries: one for each page number modulo this.</summary>
    public const int EntryCount = 128;

    private const ulong IndexMask = EntryCount - 1;
    private readonly Entry[] _entries = new Entry[EntryCount];
    private PaddedCounter _accesses;
    private SequenceCounter _drops;

    /// <summary>Number of drops so far: read it before a walk and hand it to <see cref="Fill"/>.</summary>
    public long Sequence
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => _drops.Value;
    }

    /// <summary>Number of accesses that were begun and ended.</summary>
    public long CompletedAccesses => Volatile.Read(ref _accesses.Value) >> 1;

    /// <summary>Marks an access in flight. Owner only; accesses do not nest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void BeginAccess()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Checks.That((_accesses.Value & 1) == 0, "An access begins when none is in flight.");
        unchecked
        {
            Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        }
    }

    /// <summary>Ends the access in flight. Owner only.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void EndAccess()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        Checks.That((_accesses.Value & 1) == 1, "An access ends once.");
        unchecked
        {
            Volatile.Write(ref _accesses.Value, _accesses.Value + 1);
        }
    }

    /// <summary>Looks an address up. Owner only, inside an access.</summary>
    /// <param name="address">Any address.</param>
    /// <param name="rights">What the access needs.</param>
    /// <param name="size">Size of the access in bytes: a power of two up to 4096. A misaligned address never hits.</param>
    /// <param name="target">What <see cref="Fill"/> stored for the page.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public bool TryTranslate(ulong address, TranslationRights rights, uint size, out ulong target)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        unchecked
        {
            ref Entry entry = ref Unsafe.Add(
                ref MemoryMarshal.GetArrayDataReference(_entries), (nint)((address >> Page.Shift) & IndexMask));
            ulong tag = Volatile.Read(ref entry.Tag);
            target = entry.Target;

            // Same page, all rights present, naturally aligned.
            return ((tag ^ address) & ~Page.OffsetMask) == 0 && (tag & (ulong)rights) == (ulong)rights && (address & (size - 1)) == 0;
        }
    }

    /// <summary>Stores a translation that was walked after <paramref name="sequence"/> was read. Owner only, inside an access.</summary>
    /// <returns>False when a drop came between: nothing is stored, walk again.</returns>
    public bool Fill(ulong address, TranslationRights rights, ulong target, long sequence)
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        ref Entry entry = ref _entries[(address >> Page.Shift) & IndexMask];
        Volatile.Write(ref entry.Tag, 0);
        entry.Target = target;
        Volatile.Write(ref entry.Tag, (address & ~Page.OffsetMask) | (ulong)rights);

        // The drop advances the sequence and then scans the tags; we write the tag and then read the sequence. With a full fence on
        // both sides one of the two sees the other.
        if (!LeftOutBarriers.Fill)
        {
            Interlocked.MemoryBarrier();
        }

        if (_drops.Value == sequence || Breaks.FillNotRechecked)
        {
            return true;
        }

        Volatile.Write(ref entry.Tag, 0);
        return false;
    }

    /// <summary>Empties the entries of a range; walks that began before leave nothing behind. Any thread.</summary>
    public void Drop(AddressRange range) => Keep(range, TranslationRights.None);

    /// <summary>Takes the right to store from the entries of a range; walks that began before leave nothing behind. Any thread.</summary>
    public void DropStores(AddressRange range) => Keep(range, TranslationRights.Read);

    private void Keep(AddressRange range, TranslationRights rights)
    {
        _drops.Advance();
        SchedulePoint.Reach(SchedulePointKind.Word);
        if (range.PageCount >= EntryCount)
        {
            foreach (ref Entry entry in _entries.AsSpan())
            {
                Volatile.Write(ref entry.Tag, 0);
            }

            return;
        }

        ulong first = Page.AlignDown(range.Start);
        for (ulong i = 0; i < range.PageCount; i++)
        {
            ulong page = first + (i * Page.Size);
            ref ulong tag = ref _entries[(page >> Page.Shift) & IndexMask].Tag;
            ulong seen = Volatile.Read(ref tag);
            if ((seen & ~Page.OffsetMask) != page)
            {
                continue;
            }

            if (rights == TranslationRights.None)
            {
                Volatile.Write(ref tag, 0);
            }
            else
            {
                // The owner may fill the entry meanwhile: what it fills now it has walked after the change, or it drops it itself.
                Interlocked.CompareExchange(ref tag, page | (seen & (ulong)rights), seen);
            }
        }
    }

    /// <summary>Waits until the access that was in flight has ended. Any thread, after <see cref="AccessBarrier.Pass"/>.</summary>
    public void WaitForAccessInFlight()
    {
        long mark = SharedWord.Read(ref _accesses.Value);
        if ((mark & 1) == 0 || Breaks.InFlightNotWaitedFor)
        {
            return;
        }

        var spin = default(Spin);
        while (Volatile.Read(ref _accesses.Value) == mark)
        {
            spin.Once();
        }
    }

    private struct Entry
    {
        /// <summary>Page address with the rights in its low bits; 0 when empty.</summary>
        public ulong Tag;
        public ulong Target;
    }

    /// <summary>A counter alone on its cache lines, since its owner writes it at every access.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 192)]
    private struct PaddedCounter
    {
        [FieldOffset(64)]
        public long Value;
    }
}
