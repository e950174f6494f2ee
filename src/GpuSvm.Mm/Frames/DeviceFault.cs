namespace GpuSvm.Mm;

/// <summary>A touch of the CPU on a page that lives in memory of a device which the CPU cannot reach.</summary>
/// <param name="Space">The address space.</param>
/// <param name="Vma">The mapping of the page.</param>
/// <param name="Page">Address of the page: of its first byte.</param>
/// <param name="Frame">The device's frame. Its page lock is held, and a reference, both by who asks.</param>
public readonly record struct DeviceFault(AddressSpace Space, Vma Vma, VirtualAddress Page, FrameNumber Frame)
{
    /// <summary>True if the CPU can wait, so that the device may keep the page until it is done with it.</summary>
    public bool MayWait { get; init; }
}
