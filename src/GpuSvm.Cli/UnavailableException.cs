namespace GpuSvm.Cli;

/// <summary>This computer cannot do what the user asked for.</summary>
/// <param name="message">One line that names the setting that is missing.</param>
internal sealed class UnavailableException(string message) : Exception(message);
