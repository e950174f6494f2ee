namespace GpuSvm.Driver;

/// <summary>The part of an address space that one notifier guards while a fault is served.</summary>
/// <param name="Notifier">Read begin and read retry are asked of it.</param>
/// <param name="Range">What may be mapped under it: never more than it guards.</param>
public readonly record struct MirrorInterval(IntervalNotifier Notifier, AddressRange Range);
