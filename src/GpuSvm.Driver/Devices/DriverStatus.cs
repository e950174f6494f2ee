namespace GpuSvm.Driver;

/// <summary>Whether a driver serves the faults of its device.</summary>
public enum DriverStatus : byte
{
    /// <summary>It never did: SVM is switched off.</summary>
    Off,

    /// <summary>It does.</summary>
    Running,

    /// <summary>It does not until it is resumed: accesses that fault wait.</summary>
    Suspended,

    /// <summary>It never will again: the device has stopped answering, and every channel has been cancelled.</summary>
    Lost,

    /// <summary>It was disposed of.</summary>
    Ended,
}
