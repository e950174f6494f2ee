namespace GpuSvm.Workloads;

/// <summary>Arguments of the kernels of <see cref="HashJoin"/>.</summary>
/// <param name="LeftKeys">Address of the key of each row of the left table, 4 bytes each.</param>
/// <param name="LeftRows">Number of its rows, 1 to 2^31 - 1.</param>
/// <param name="RightKeys">Address of the key of each row of the right table, 4 bytes each.</param>
/// <param name="RightRows">Number of its rows, 1 to 2^31 - 1.</param>
/// <param name="Heads">Address of 4 zeroed bytes for each bucket: 1 more than the first row of its chain, 0 at the end of a chain.</param>
/// <param name="BucketBits">The number of buckets is this power of 2; see <see cref="HashJoin.BucketBits"/>.</param>
/// <param name="Next">Address of 4 bytes for each row of the left table: 1 more than the row behind it in its chain.</param>
/// <param name="PairCount">Address of 8 bytes, 0 before <see cref="HashJoin.Probe"/> and the number of pairs after.</param>
/// <param name="Pairs">Address of 8 bytes for each pair: the row of the left table, then the row of the right.</param>
/// <param name="PairRoom">Number of pairs that there is room for; may be 0.</param>
public readonly record struct HashJoinArgs(
    ulong LeftKeys,
    long LeftRows,
    ulong RightKeys,
    long RightRows,
    ulong Heads,
    int BucketBits,
    ulong Next,
    ulong PairCount,
    ulong Pairs,
    long PairRoom);
