namespace GpuSvm.Core;

/// <summary>The switch under which the threads of this process may be run one at a time, in an order that a seed decides.</summary>
/// <remarks>
/// <c>GPUSVM_EXPLORE=1</c> in the environment switches it on for the life of the process. Off, the compiler removes every hook. On, a
/// thread is controlled only while it belongs to a schedule of an <see cref="Explorer"/>; all others run as ever.
/// </remarks>
public static class Exploration
{
    /// <summary>True if an <see cref="Explorer"/> can control threads of this process.</summary>
    public static readonly bool Enabled = Environment.GetEnvironmentVariable("GPUSVM_EXPLORE") == "1";
}
