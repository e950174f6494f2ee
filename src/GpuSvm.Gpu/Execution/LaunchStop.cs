namespace GpuSvm.Gpu;

/// <summary>Why a launch ends before its kernels do; the first reason stands.</summary>
/// <param name="Status">How the launch ends.</param>
/// <param name="Report">What the exceptions of its threads carry.</param>
/// <param name="Exception">What a kernel threw.</param>
/// <param name="DriverError">What the driver's interrupt handler threw: the launch's task fails with it.</param>
internal sealed record LaunchStop(LaunchStatus Status, GpuFaultReport Report, Exception? Exception = null, Exception? DriverError = null)
{
    internal static LaunchStop Fault(GpuFaultReport report) => new(LaunchStatus.Faulted, report);

    internal static LaunchStop Threw(Exception exception) =>
        new(LaunchStatus.KernelThrew, Reason("another thread of the launch threw an exception"), exception);

    internal static LaunchStop Driver(Exception error) =>
        new(LaunchStatus.Cancelled, Reason("the driver's interrupt handler threw an exception"), DriverError: error);

    internal static LaunchStop Disposed() => new(LaunchStatus.Cancelled, Reason("the GPU was disposed of"));

    internal static LaunchStop Lost() => Fault(Reason("the GPU has stopped answering") with { Error = Errno.EIO });

    private static GpuFaultReport Reason(string reason) => new(default(VirtualAddress), FaultAccess.Read, reason, Errno.ECANCELED);
}
