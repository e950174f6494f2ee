namespace GpuSvm.Mm;

/// <summary>A change of an address space that mirrors must follow.</summary>
/// <param name="Range">The addresses whose entries change; half-open.</param>
/// <param name="Cause">Why.</param>
/// <param name="Owner">Who makes the change; set only for <see cref="InvalidationCause.Migrate"/> and <see cref="InvalidationCause.Exclusive"/>.</param>
/// <param name="Blocking">Whether mirrors may wait.</param>
/// <remarks>Source: Linux struct mmu_notifier_range.</remarks>
public readonly record struct Invalidation(
    AddressRange Range, InvalidationCause Cause, object? Owner = null, InvalidationBlocking Blocking = InvalidationBlocking.Blockable);
