namespace GpuSvm.Driver;

/// <summary>The part of an address space that one notifier guards while a fault is served.</summary>
/// <param name="Notifier">Read begin and read retry are asked of it.</param>
/// <param name="Range">What may be mapped under it: never more than it guards.</param>
/// <param name="Within">The range of a <see cref="SizedRangesStrategy"/> that it is; null elsewhere.</param>
public readonly record struct MirrorInterval(IntervalNotifier Notifier, AddressRange Range, SvmRange? Within = null)
{
    /// <summary>True if the notifier guards all of a range still: it has neither left nor shrunk since it was acquired.</summary>
    /// <remarks>Locking: the mirror's update lock is held, or a lane of it.</remarks>
    public bool Guards(AddressRange range)
    {
        Notifier.Mirror.UpdateLock.AssertLaneHeld();
        return !Notifier.IsRemoved && Notifier.Range.Contains(range) && Within is not ({ IsRemoved: true } or { IsUnmapped: true });
    }
}
