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

    /// <summary>The device has used a page: a fault has found it in its memory.</summary>
    /// <param name="frame">Its frame.</param>
    /// <remarks>Locking: called with the update lock held; takes a device lock at most, and allocates nothing.</remarks>
    void Touched(FrameNumber frame)
    {
    }
}
