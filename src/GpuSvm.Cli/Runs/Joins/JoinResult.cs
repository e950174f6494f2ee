namespace GpuSvm.Cli.Runs.Joins;

/// <summary>What came of the join.</summary>
/// <param name="Pairs">Number of pairs of rows with the same key.</param>
/// <param name="LeftRows">Number of rows of the left table that are in one.</param>
/// <param name="RightRows">Number of rows of the right table that are in one.</param>
internal sealed record JoinResult(int Pairs, int LeftRows, int RightRows);
