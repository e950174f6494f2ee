namespace GpuSvm.Svm;

/// <summary>Says which allocation of a device's memory leaves when room is needed.</summary>
/// <remarks>
/// <para>
/// Each policy orders the allocations of one <see cref="DeviceMemory"/>, which calls it under its lock: so it needs none of its own, calls
/// nobody, and takes constant time without allocating. What it learns of use is what hardware reports.
/// </para>
/// <para>
/// <code>
/// Added ─► ordered ─► TryChoose ─► being emptied ─► Released
///             ▲ Used                    │
///             └───────── Kept ◄─────────┘   somebody holds a page of it, or it found no place at home
/// </code>
/// </para>
/// </remarks>
public interface IEvictionPolicy
{
    /// <summary>The pages of an allocation are in place.</summary>
    void Added(DeviceAllocation allocation);

    /// <summary>The device has used a page of an allocation: one that is ordered, or is being emptied.</summary>
    void Used(DeviceAllocation allocation);

    /// <summary>Chooses the allocation that leaves, and takes it out of the order.</summary>
    /// <param name="comer">For whose pages room is needed.</param>
    /// <returns>The allocation; null when none is ordered.</returns>
    DeviceAllocation? TryChoose(AddressRange comer);

    /// <summary>An allocation that was chosen has not left: it is ordered again, behind all others.</summary>
    void Kept(DeviceAllocation allocation);

    /// <summary>The last page of an allocation has left, be it ordered or not.</summary>
    void Released(DeviceAllocation allocation);
}
