namespace GpuSvm.Live.Programs;

/// <summary>Something that a program checks does not hold.</summary>
public sealed class CheckFailedException(string message) : Exception(message);
