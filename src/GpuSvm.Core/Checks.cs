using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>Invariant and lock-rank checks: off in production, on in every test process.</summary>
/// <remarks>
/// Switched on by the runtime configuration property <c>GpuSvm.Checks</c> or the environment variable <c>GPUSVM_CHECKS=1</c>, once,
/// at start: a static readonly field, so that the compiler removes the checks where they are off.
/// </remarks>
public static class Checks
{
    /// <summary>True if invariants are checked in this process.</summary>
    public static readonly bool Enabled =
        (AppContext.TryGetSwitch("GpuSvm.Checks", out bool enabled) && enabled) ||
        Environment.GetEnvironmentVariable("GPUSVM_CHECKS") == "1";

    /// <summary>Stops with an <see cref="InvariantException"/> when checks are on and <paramref name="condition"/> is false.</summary>
    /// <param name="condition">What must hold.</param>
    /// <param name="invariant">The invariant as a sentence.</param>
    public static void That([DoesNotReturnIf(false)] bool condition, string invariant)
    {
        if (Enabled && !condition)
        {
            Fail(invariant);
        }
    }

    /// <summary>Stops with an <see cref="InvariantException"/>.</summary>
    [DoesNotReturn]
    public static void Fail(string invariant) => throw new InvariantException(invariant);
}
