namespace GpuSvm;

/// <summary>The environment, or an address space in its throwing forms, refused an operation.</summary>
public class SvmException : Exception
{
    /// <summary>Makes an exception for <paramref name="error"/>.</summary>
    /// <param name="error">The error code; not <see cref="Errno.None"/>.</param>
    /// <param name="message">What was tried, with the values, and what was expected.</param>
    public SvmException(Errno error, string message)
        : base($"{message} ({error})")
    {
        Error = error;
    }

    /// <summary>The error code.</summary>
    public Errno Error { get; }
}
