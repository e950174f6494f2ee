namespace GpuSvm;

/// <summary>The outcome of a launch.</summary>
/// <param name="Status">How it ended.</param>
/// <param name="Fault">The access that could not be served; null unless <see cref="LaunchStatus.Faulted"/>.</param>
/// <param name="Exception">What the kernel threw first; null unless <see cref="LaunchStatus.KernelThrew"/>.</param>
/// <param name="Elapsed">From the launch to the end of its last thread, on the GPU's clock.</param>
public sealed record LaunchResult(LaunchStatus Status, GpuFaultReport? Fault, Exception? Exception, TimeSpan Elapsed)
{
    /// <summary>True if every thread ran to its end.</summary>
    public bool Succeeded => Status == LaunchStatus.Completed;

    /// <summary>Throws unless every thread ran to its end.</summary>
    /// <exception cref="GpuAccessException">An access could not be served.</exception>
    /// <exception cref="InvalidOperationException">A kernel threw; its exception is the inner one.</exception>
    /// <exception cref="OperationCanceledException">The GPU was disposed of.</exception>
    public void ThrowIfFailed()
    {
        switch (Status)
        {
            case LaunchStatus.Faulted:
                throw new GpuAccessException(Fault!);
            case LaunchStatus.KernelThrew:
                throw new InvalidOperationException($"A GPU kernel threw: {Exception!.Message}", Exception);
            case LaunchStatus.Cancelled:
                throw new OperationCanceledException("The launch was cancelled: its GPU was disposed of.");
            default:
                break;
        }
    }
}
