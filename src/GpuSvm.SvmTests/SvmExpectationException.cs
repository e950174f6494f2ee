namespace GpuSvm.SvmTests;

/// <summary>Something is not as a test says it must be.</summary>
/// <param name="message">What was looked at, what was expected, and what is.</param>
internal sealed class SvmExpectationException(string message) : Exception(message);
