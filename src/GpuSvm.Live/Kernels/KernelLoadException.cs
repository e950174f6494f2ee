namespace GpuSvm.Live;

/// <summary>A kernel that a reference names cannot be had: the message is one line that says what was found and expected.</summary>
internal sealed class KernelLoadException(string message, Exception? cause = null) : Exception(message, cause);
