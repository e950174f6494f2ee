namespace GpuSvm.Cli.Runs.Joins;

/// <summary>The input of the join.</summary>
/// <param name="Rows">Number of rows of each of the two tables.</param>
internal sealed record JoinInput(int Rows);
