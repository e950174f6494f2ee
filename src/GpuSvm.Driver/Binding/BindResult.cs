namespace GpuSvm.Driver;

/// <summary>What became of a <see cref="BindRequest"/>.</summary>
/// <param name="Pages">Number of pages that have moved to the GPU's memory, those included of which nothing was there before.</param>
/// <param name="Mapped">Number of pages in the GPU's memory that the GPU can reach now without a fault; others come by fault.</param>
/// <param name="Error">
/// The first error: EINVAL for a request that is not understood, a client that has ended, and a special mapping; ENOSYS where no pages live in the GPU's
/// memory; else as <see cref="DeviceMemory.MigrateToDevice"/>. Best effort: what has moved before stays there.
/// </param>
public readonly record struct BindResult(long Pages, long Mapped, Errno Error);
