namespace GpuSvm;

/// <summary>Consecutive pages of which the same holds.</summary>
/// <param name="Range">The pages.</param>
/// <param name="Residency">Where each of them is, and who may use it how without a fault.</param>
public sealed record PageResidencyRun(AddressRange Range, PageResidency Residency);
