namespace GpuSvm.Live.Programs.Kernels;

/// <summary>An exception type that only this assembly knows.</summary>
public sealed class OwnException(string message, Exception cause) : Exception(message, cause);
