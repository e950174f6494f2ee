namespace GpuSvm.Workloads;

/// <summary>Finds the rows of two tables that have the same key, on the GPU, by a hash table over one of them.</summary>
/// <remarks>The rows of a bucket form a chain through <see cref="HashJoinArgs.Next"/>; keys may occur again in both tables.</remarks>
public static class HashJoin
{
    // 2^32 divided by the golden ratio. Source: D. Knuth, The Art of Computer Programming, volume 3, section 6.4.
    private const uint Multiplier = 0x9e3779b9;

    /// <summary>Bits of a bucket's number, for a table of some rows: as many buckets as rows, or up to twice as many.</summary>
    public static int BucketBits(int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        return int.Log2(rows) + (int.IsPow2(rows) ? 0 : 1);
    }

    /// <summary>First launch, of any grid: puts each row of the left table into the chain of its bucket.</summary>
    public static async GpuTask Build(GpuThread t, HashJoinArgs a)
    {
        for (long row = t.GlobalIndex; row < a.LeftRows; row += t.GridSize)
        {
            uint key = await t.Load<uint>(a.LeftKeys + (4 * (ulong)row));
            int behind = await t.AtomicExchange(Head(a, key), (int)row + 1);
            await t.Store(a.Next + (4 * (ulong)row), behind);
        }
    }

    /// <summary>Second launch, of any grid: counts the pairs of rows with the same key, and stores as many as there is room for.</summary>
    public static async GpuTask Probe(GpuThread t, HashJoinArgs a)
    {
        for (long right = t.GlobalIndex; right < a.RightRows; right += t.GridSize)
        {
            uint key = await t.Load<uint>(a.RightKeys + (4 * (ulong)right));
            int link = await t.Load<int>(Head(a, key));
            while (link != 0)
            {
                uint left = (uint)link - 1;
                if (await t.Load<uint>(a.LeftKeys + (4 * (ulong)left)) == key)
                {
                    long slot = await t.AtomicAdd(a.PairCount, 1L);
                    if (slot < a.PairRoom)
                    {
                        await t.Store(a.Pairs + (8 * (ulong)slot), left);
                        await t.Store(a.Pairs + (8 * (ulong)slot) + 4, (uint)right);
                    }
                }

                link = await t.Load<int>(a.Next + (4 * (ulong)left));
            }
        }
    }

    private static ulong Head(in HashJoinArgs a, uint key)
    {
        ulong hash = unchecked(key * Multiplier);
        return a.Heads + (4 * (hash >> (32 - a.BucketBits)));
    }
}
