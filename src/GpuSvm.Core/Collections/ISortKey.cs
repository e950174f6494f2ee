namespace GpuSvm.Core;

/// <summary>A key of a <see cref="SortedIndex{TKey, TValue}"/>: a small value with a total order.</summary>
/// <typeparam name="TSelf">The key's own type.</typeparam>
public interface ISortKey<TSelf>
    where TSelf : unmanaged, ISortKey<TSelf>
{
    /// <summary>True if <paramref name="left"/> comes before <paramref name="right"/>. Best written without branches.</summary>
    static abstract bool IsLess(in TSelf left, in TSelf right);

    /// <summary>How many of some sorted keys come before a key. A key that vector instructions can compare does better than this search.</summary>
    static virtual int CountLess(ReadOnlySpan<TSelf> keys, in TSelf key)
    {
        int low = 0;
        int length = keys.Length;
        while (length > 0)
        {
            int half = (length + 1) >> 1;
            low += half * (TSelf.IsLess(keys[low + half - 1], key) ? 1 : 0);
            length -= half;
        }

        return low;
    }
}
