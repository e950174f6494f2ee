namespace GpuSvm.Cli;

/// <summary>What the user named cannot be used.</summary>
/// <param name="message">One line that names the value and what was expected.</param>
internal sealed class BadInputException(string message) : Exception(message);
