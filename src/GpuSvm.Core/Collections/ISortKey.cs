namespace GpuSvm.Core;

/// <summary>A key of a <see cref="SortedIndex{TKey, TValue}"/>: a small value with a total order.</summary>
/// <typeparam name="TSelf">The key's own type.</typeparam>
public interface ISortKey<TSelf>
    where TSelf : unmanaged, ISortKey<TSelf>
{
    /// <summary>True if <paramref name="left"/> comes before <paramref name="right"/>. Best written without branches.</summary>
    static abstract bool IsLess(in TSelf left, in TSelf right);
}
