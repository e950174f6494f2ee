namespace GpuSvm.Mm;

/// <summary>What a device does for its page frames.</summary>
/// <remarks>Source: Linux struct dev_pagemap_ops.</remarks>
public interface IDevicePagemapOwner
{
    /// <summary>Brings a page home that the CPU has touched, and others around it if that is cheap.</summary>
    /// <param name="fault">Which page.</param>
    /// <returns>
    /// None when the faulting page has moved, or somebody else was quicker; the CPU looks again. EAGAIN, where the CPU may wait
    /// (<see cref="DeviceFault.MayWait"/>): the page stays until <see cref="StaysUntil"/>. Anything else ends the CPU's access.
    /// </returns>
    /// <remarks>
    /// Locking: entered with the mmap lock held, shared is enough, and the page's lock; takes neither of them, nor any lock of a driver that
    /// is held while pages are migrated (that is a proven livelock). Only for <see cref="DevicePageKind.Private"/>.
    /// </remarks>
    Errno MigrateToRam(in DeviceFault fault);

    /// <summary>Until when a page stays though the CPU has touched it: the device is to get something done with it first.</summary>
    /// <param name="frame">The frame, of a page that an entry names.</param>
    /// <returns>The moment; <c>default</c> for a page that may leave at once, as those of most devices.</returns>
    /// <remarks>
    /// Asked after <see cref="MigrateToRam"/> has said EAGAIN. The CPU waits for the moment without a lock, and faults again; when it has
    /// waited for <see cref="Deadline.Default"/> it waits no more. Locking: called with the page's lock held, so it waits for nothing.
    /// Source: Linux drm_pagemap.c, timeslice_expiration (where the CPU faults again and again until it has passed).
    /// </remarks>
    Deadline StaysUntil(FrameNumber frame) => default;

    /// <summary>The last reference to a page is gone: its frame is the device's again.</summary>
    /// <param name="frame">The frame, or the first of a huge page.</param>
    /// <param name="pages">1, or 512 for a huge page.</param>
    /// <remarks>Locking: called under any lock of an address space up to its page tables; so it only takes note, and waits for nothing.</remarks>
    void Freed(FrameNumber frame, int pages);

    /// <summary>A huge page of the device has become 512 pages; each has the first one's <see cref="DevicePagemap.DataOf"/>.</summary>
    /// <param name="head">The first frame.</param>
    /// <remarks>Locking: as <see cref="Freed"/>.</remarks>
    void Split(FrameNumber head)
    {
    }
}
