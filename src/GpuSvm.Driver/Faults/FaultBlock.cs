namespace GpuSvm.Driver;

/// <summary>The faults of one client in one aligned 2 MiB of addresses: what is served at one go, by one worker.</summary>
/// <param name="First">Place of the first in the sorted batch.</param>
/// <param name="End">Place behind the last.</param>
/// <param name="Head">Number of the fault that arrived first.</param>
internal readonly record struct FaultBlock(int First, int End, int Head);
