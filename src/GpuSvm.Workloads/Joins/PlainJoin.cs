namespace GpuSvm.Workloads;

/// <summary>A join by one CPU thread: what the result of <see cref="HashJoin"/> is compared with.</summary>
/// <remarks>Sorts and merges, so that a mistake in the hashing does not hide itself.</remarks>
public static class PlainJoin
{
    /// <summary>Finds the rows that have the same key.</summary>
    /// <param name="leftKeys">Key of each row of the left table.</param>
    /// <param name="rightKeys">Key of each row of the right table.</param>
    /// <returns>All pairs, by row of the left table, then by row of the right.</returns>
    public static List<(int Left, int Right)> Pairs(ReadOnlySpan<uint> leftKeys, ReadOnlySpan<uint> rightKeys)
    {
        (uint Key, int Row)[] left = Sorted(leftKeys);
        (uint Key, int Row)[] right = Sorted(rightKeys);
        List<(int Left, int Right)> pairs = [];
        int first = 0;
        foreach ((uint key, int row) in left)
        {
            while (first < right.Length && right[first].Key < key)
            {
                first++;
            }

            for (int i = first; i < right.Length && right[i].Key == key; i++)
            {
                pairs.Add((row, right[i].Row));
            }
        }

        pairs.Sort();
        return pairs;
    }

    private static (uint Key, int Row)[] Sorted(ReadOnlySpan<uint> keys)
    {
        var rows = new (uint Key, int Row)[keys.Length];
        for (int row = 0; row < keys.Length; row++)
        {
            rows[row] = (keys[row], row);
        }

        Array.Sort(rows);
        return rows;
    }
}
