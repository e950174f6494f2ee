using System.Numerics;
using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <content>The blocks.</content>
public sealed partial class SortedIndex<TKey, TValue>
{
    /// <summary>A value of its own type: an array of references would look at the type of each that is put in.</summary>
    private struct Slot
    {
        public TValue? Value;
    }

    // As many keys of 8 bytes as the slack has.
    [InlineArray(Capacity + (RowMoves.Slack / 8))]
    private struct KeyRow
    {
        private TKey _first;
    }

    [InlineArray(Capacity + RowMoves.Slack)]
    private struct SlotRow
    {
        private byte _first;
    }

    /// <summary>Some dozens of entries. The keys lie in order; the values lie anywhere and stay there, and their slots' numbers lie in order.</summary>
    /// <remarks>References that are moved cost the garbage collector's notes of them; keys and bytes are only moved.</remarks>
    private sealed class Block
    {
        public int Count;
        public Block? NextSpare;

        // Within the object, so that a search fetches all that it reads at once.
        public KeyRow Keys;
        private SlotRow _slots;
        private readonly Slot[] _values = new Slot[Capacity];

        // A bit for each slot in use.
        private ulong _used;

        /// <summary>Index of the first key that is not less, or <see cref="Count"/>.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public int LowerBound(in TKey key)
        {
            ReadOnlySpan<TKey> keys = ((ReadOnlySpan<TKey>)Keys)[..Count];
            return keys.IsEmpty || TKey.IsLess(keys[^1], key) ? keys.Length : TKey.CountLess(keys, key);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public TValue ValueAt(int index) => _values[_slots[index]].Value!;

        public void InsertAt(int index, in TKey key, TValue value)
        {
            MoveBehind(index, 1);
            Put(index, key, value);
        }

        public void InsertTwoAt(int index, in TKey first, TValue firstValue, in TKey second, TValue secondValue)
        {
            MoveBehind(index, 2);
            Put(index, first, firstValue);
            Put(index + 1, second, secondValue);
        }

        public void RemoveAt(int index, int count)
        {
            for (int i = index; i < index + count; i++)
            {
                Release(_slots[i]);
            }

            RowMoves.Down<TKey>(Keys, index + count, Count, count);
            RowMoves.Down<byte>(_slots, index + count, Count, count);
            Count -= count;
        }

        /// <summary>Moves the entries from an index on to the end of another block.</summary>
        public void MoveTail(int from, Block target)
        {
            for (int i = from; i < Count; i++)
            {
                target.Put(target.Count++, Keys[i], ValueAt(i));
                Release(_slots[i]);
            }

            Count = from;
        }

        private void MoveBehind(int index, int places)
        {
            RowMoves.Up<TKey>(Keys, index, Count, places);
            RowMoves.Up<byte>(_slots, index, Count, places);
            Count += places;
        }

        private void Put(int index, in TKey key, TValue value)
        {
            int slot = BitOperations.TrailingZeroCount(~_used);
            _used |= 1UL << slot;
            _slots[index] = (byte)slot;
            _values[slot].Value = value;
            Keys[index] = key;
        }

        private void Release(int slot)
        {
            _used &= ~(1UL << slot);
            _values[slot].Value = null;
        }
    }
}
