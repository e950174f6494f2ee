namespace GpuSvm.Mm;

/// <summary>Where the bytes of a page are.</summary>
public enum PageLocation : byte
{
    /// <summary>Nothing is mapped there.</summary>
    Unmapped,

    /// <summary>Nowhere yet: the page was not touched since it was mapped or discarded.</summary>
    Nowhere,

    /// <summary>In the zero page, which all share who only read.</summary>
    ZeroPage,

    /// <summary>In the system's memory.</summary>
    System,

    /// <summary>In the memory of a device, which the CPU cannot reach.</summary>
    DevicePrivate,

    /// <summary>In the memory of a device, which the CPU reaches too.</summary>
    DeviceCoherent,

    /// <summary>In the system's memory, for one device alone until the CPU touches it.</summary>
    DeviceExclusive,

    /// <summary>On its way: it is being moved.</summary>
    Moving,

    /// <summary>Lost.</summary>
    Poisoned,

    /// <summary>In frames that nobody counts; see <see cref="VmaFlags.Special"/>.</summary>
    Special,
}
