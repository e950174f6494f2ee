#region arguments
internal readonly record struct IncrementArgs(ulong Base, long Count);
#endregion

#region sum-arguments
internal readonly record struct SumArgs(ulong Base, long Count, ulong Result);
#endregion
