namespace GpuSvm.Driver;

/// <summary>How far the faults of one page are.</summary>
internal enum PageState : byte
{
    /// <summary>To be looked up.</summary>
    Pending,

    /// <summary>Looked up; its entry is ready.</summary>
    Found,

    /// <summary>There for writing; the device wants it for itself.</summary>
    WantedAlone,

    /// <summary>There for reading; the device is to read a duplicate.</summary>
    WantedDuplicate,

    /// <summary>In the device's own memory, and shared for reading: to be brought home, where it can be copied for writing.</summary>
    WantedHome,

    /// <summary>Where no device can use it: to be moved to this one's memory.</summary>
    WantedOnDevice,

    /// <summary>Each of its faults has a result.</summary>
    Done,
}
