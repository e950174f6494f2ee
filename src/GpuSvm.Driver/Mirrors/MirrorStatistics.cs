namespace GpuSvm.Driver;

/// <summary>What it costs a <see cref="IMirrorStrategy"/> to follow an address space.</summary>
/// <param name="Notifiers">Notifiers that are inserted, of intervals and of the whole space, until they are released.</param>
/// <param name="Callbacks">Calls that invalidations made to the strategy: one for each notifier that they reached.</param>
/// <param name="CallbacksInVain">Those of them that were to drop entries of the GPU and found none.</param>
/// <param name="BookkeepingBytes">
/// Memory of notifiers and look-up tables: what objects and their place in a tree take, without room that arrays keep for more.
/// </param>
public readonly record struct MirrorStatistics(int Notifiers, long Callbacks, long CallbacksInVain, long BookkeepingBytes);
