namespace GpuSvm;

/// <summary>Pages of which the same advice holds.</summary>
/// <param name="Range">The pages; not empty.</param>
/// <param name="Advice">What was said of them; <see cref="MemoryAdvice.None"/> where nothing was.</param>
public readonly record struct AdviceRun(AddressRange Range, MemoryAdvice Advice);
