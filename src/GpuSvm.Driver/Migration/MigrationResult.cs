namespace GpuSvm.Driver;

/// <summary>What became of a range whose pages were to move.</summary>
/// <param name="Pages">Number of pages that have moved.</param>
/// <param name="Error">
/// The first error: EFAULT where nothing is mapped, EOPNOTSUPP where the CPU fixes the frames, ENOMEM when no frame was left, which ends
/// the call. A page that dropped out, because it is locked, shared or was never touched, is none.
/// </param>
/// <remarks>Best effort: what was moved before an error stays moved.</remarks>
public readonly record struct MigrationResult(long Pages, Errno Error);
