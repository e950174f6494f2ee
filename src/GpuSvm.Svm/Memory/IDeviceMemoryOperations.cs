namespace GpuSvm.Svm;

/// <summary>What a driver does for its device's memory.</summary>
/// <remarks>
/// Called with the mmap lock and page locks held, so nothing here may wait for the CPU, take a lock of the driver that is held while pages
/// migrate, or an mmap lock; update locks are allowed. Source: Linux drm_gpusvm.h, struct drm_gpusvm_devmem_ops.
/// </remarks>
public interface IDeviceMemoryOperations
{
    /// <summary>Number of pages of the device's memory.</summary>
    ulong PageCount { get; }

    /// <summary>Hands out pages.</summary>
    /// <param name="order">Binary logarithm of their number: 0 to 9.</param>
    /// <param name="firstPage">Number of the first: a multiple of their number.</param>
    /// <returns>None, or ENOMEM.</returns>
    /// <remarks>Source: Linux populate_devmem_pfn.</remarks>
    Errno TryPopulate(int order, out ulong firstPage);

    /// <summary>Reports what the hardware has noted of uses (<see cref="DeviceMemory.Touched"/>): some pages are about to leave for others.</summary>
    /// <remarks>Takes device locks only, and waits for nothing.</remarks>
    void ReportUses()
    {
    }

    /// <summary>Takes pages back, at most 512: an aligned block of some that were handed out, be it together or not. Nobody refers to them any more.</summary>
    /// <param name="firstPage">Number of the first: a multiple of their number.</param>
    /// <param name="order">Binary logarithm of their number: 0 to 9.</param>
    /// <remarks>Called by anybody, and maybe long after the last use. Source: Linux devmem_release.</remarks>
    void Release(ulong firstPage, int order);

    /// <summary>Has the driver give pages back that it took by <see cref="DeviceMemory.TryTakeSpare"/>: they are needed.</summary>
    /// <param name="pages">How many are.</param>
    /// <returns>How many have been given back; 0 when none is left.</returns>
    /// <remarks>Called without any lock from the mmap lock on, before a page leaves for another.</remarks>
    int GiveUpSpare(int pages) => 0;

    /// <summary>Copies to the device, and clears there; returns when that is done.</summary>
    /// <returns>None; EIO when a copy failed, ETIMEDOUT when the device did not answer. In any case it touches the pages no more.</returns>
    Errno CopyToDevice(ReadOnlySpan<DeviceCopy> copies);

    /// <summary>Copies from the device; otherwise as <see cref="CopyToDevice"/>.</summary>
    Errno CopyToSystem(ReadOnlySpan<DeviceCopy> copies);

    /// <summary>Drops the device's own entries for pages that are about to move; on return no access of it completes through one.</summary>
    /// <param name="space">Whose pages; an address space that the device does not mirror has no entries.</param>
    /// <param name="range">The pages.</param>
    /// <remarks>
    /// For this the driver's mirrors may pass over the event of the migration itself, whose owner is <see cref="DeviceMemory.MigrationOwner"/>.
    /// </remarks>
    void DropEntries(AddressSpace space, AddressRange range);

    /// <summary>Has the device reach the memory of another one (<see cref="DevicePeers"/>).</summary>
    /// <param name="number">Number of the other among the peers.</param>
    /// <param name="peer">What the other one's driver does.</param>
    /// <returns>EOPNOTSUPP where there is no link between the two.</returns>
    /// <remarks>Locking: the lock of the group is held, a device lock.</remarks>
    Errno ConnectPeer(int number, IDeviceMemoryOperations peer) => Errno.EOPNOTSUPP;

    /// <summary>Undoes <see cref="ConnectPeer"/>: no page of the other one is mapped any more.</summary>
    void DisconnectPeer(int number)
    {
    }
}
