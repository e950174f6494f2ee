namespace GpuSvm;

/// <summary>Ends a GPU thread whose launch was cancelled: thrown by the access or pause that it waits in, and by every later one.</summary>
public sealed class GpuAccessException : Exception
{
    /// <summary>Makes the exception for a cancelled launch.</summary>
    /// <param name="report">Why the launch was cancelled.</param>
    public GpuAccessException(GpuFaultReport report)
        : base(report?.ToString()) =>
        Report = report ?? throw new ArgumentNullException(nameof(report));

    /// <summary>Why the launch was cancelled: not always an access of this thread.</summary>
    public GpuFaultReport Report { get; }
}
