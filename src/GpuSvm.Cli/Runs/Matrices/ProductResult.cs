namespace GpuSvm.Cli.Runs.Matrices;

/// <summary>The product of a matrix and a vector.</summary>
/// <param name="Smallest">Its smallest element.</param>
/// <param name="Largest">Its largest element.</param>
/// <param name="Sum">The sum of its elements, in their order.</param>
internal sealed record ProductResult(double Smallest, double Largest, double Sum);
