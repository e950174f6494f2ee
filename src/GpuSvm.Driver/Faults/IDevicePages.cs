namespace GpuSvm.Driver;

/// <summary>A client's pages in the memory of its own device: present for the GPU, though the CPU cannot reach them.</summary>
public interface IDevicePages
{
    /// <summary>Who owns the pages: <see cref="DevicePagemap.Owner"/> of their map.</summary>
    object Owner { get; }

    /// <summary>Where a page lies in video memory.</summary>
    /// <param name="frame">A frame that was looked up for this owner.</param>
    /// <param name="address">Byte address in video memory, a multiple of 4096.</param>
    /// <returns>False for a frame of system memory.</returns>
    /// <remarks>Locking: called with the update lock held; takes no lock and allocates nothing.</remarks>
    bool TryGetVideoAddress(FrameNumber frame, out ulong address);

    /// <summary>Where a page lies in the memory of another device that this one reaches.</summary>
    /// <param name="frame">A frame that was looked up for this owner.</param>
    /// <param name="peer">Number of that device, for an entry.</param>
    /// <param name="address">Byte address in its memory, a multiple of 4096.</param>
    /// <returns>False for a frame of system memory, or of the device itself.</returns>
    /// <remarks>Locking: as <see cref="TryGetVideoAddress"/>.</remarks>
    bool TryGetPeerAddress(FrameNumber frame, out int peer, out ulong address)
    {
        (peer, address) = (0, 0);
        return false;
    }

    /// <summary>What the device may do with pages in the memory of others.</summary>
    PeerLink PeerLink => PeerLink.LoadsAndStores;

    /// <summary>The device has used a page: a fault has found it in its memory.</summary>
    /// <param name="frame">Its frame.</param>
    /// <remarks>Locking: called with the update lock held; takes a device lock at most, and allocates nothing.</remarks>
    void Touched(FrameNumber frame)
    {
    }

    /// <summary>Moves the pages of a range to the device's memory.</summary>
    /// <returns>As <see cref="DeviceMemory.MigrateToDevice"/>.</returns>
    /// <remarks>Locking: as there.</remarks>
    DeviceMigrationResult MoveToDevice(AddressSpace space, AddressRange range);

    /// <summary>Brings the pages of a range home that live in the device's memory.</summary>
    /// <returns>As <see cref="DeviceMemory.MigrateToSystem"/>.</returns>
    /// <remarks>Locking: as there.</remarks>
    DeviceMigrationResult MoveHome(AddressSpace space, AddressRange range);

    /// <summary>Brings pages home that live in the same memory as one of them, which is this device's or a peer's.</summary>
    /// <param name="space">Whose pages.</param>
    /// <param name="range">Page-aligned; what lives elsewhere is passed over.</param>
    /// <param name="frame">Frame of the one.</param>
    DeviceMigrationResult CallHome(AddressSpace space, AddressRange range, FrameNumber frame);

    /// <summary>Copies a page of system memory to a page of video memory that is nobody's home.</summary>
    /// <param name="frame">The page: the caller has a reference, and takes the copy for good only if nobody has written meanwhile.</param>
    /// <param name="address">Byte address of the duplicate in video memory, until <see cref="EndDuplicate"/>.</param>
    /// <returns>ENOMEM when there is no room: nothing leaves for a duplicate; EIO, ETIMEDOUT when the copy failed.</returns>
    /// <remarks>Locking: waits for the copy engine; no update lock or anything below is held.</remarks>
    Errno TryDuplicate(FrameNumber frame, out ulong address);

    /// <summary>Gives a duplicate back: no entry for it is left.</summary>
    void EndDuplicate(ulong address);
}
