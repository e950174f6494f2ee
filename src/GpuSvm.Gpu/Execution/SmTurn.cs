namespace GpuSvm.Gpu;

/// <summary>What an SM may do before the next one has its turn.</summary>
/// <param name="Steps">Steps of each launch; at least 1.</param>
/// <param name="Faults">Faults that it may report; at least 1. The rest waits for its next turn.</param>
internal readonly record struct SmTurn(int Steps, int Faults);
