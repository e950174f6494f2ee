namespace GpuSvm.Cli;

/// <summary>A run came to no result: its launch was cancelled, or the machine has no memory left.</summary>
/// <param name="message">One line that says why.</param>
internal sealed class RunFailedException(string message) : Exception(message);
