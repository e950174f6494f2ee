using System.Globalization;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <summary>Why a launch was cancelled: the access that could not be served.</summary>
/// <param name="Address">The byte that was accessed.</param>
/// <param name="Access">What the access wanted.</param>
/// <param name="Reason">Why it cannot be served, as a sentence.</param>
/// <param name="Error">The same as an error code: EFAULT nothing mapped, EPERM not allowed, EINVAL misaligned or out of range, …</param>
public sealed record GpuFaultReport(VirtualAddress Address, FaultAccess Access, string Reason, Errno Error)
{
    /// <summary>The report as one line.</summary>
    public override string ToString() =>
        string.Create(
            CultureInfo.InvariantCulture, $"GPU {Access.ToString().ToLowerInvariant()} at {Address} cancelled: {Reason} ({Error})");
}
