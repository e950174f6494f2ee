namespace GpuSvm.Svm;

/// <summary>Where a page lies, as a device sees it.</summary>
public enum SvmPlace : byte
{
    /// <summary>Nothing is mapped there.</summary>
    Unmapped,

    /// <summary>Nowhere yet: it was not touched.</summary>
    Untouched,

    /// <summary>In system memory.</summary>
    System,

    /// <summary>In the device's own memory.</summary>
    Own,

    /// <summary>In the memory of another device.</summary>
    Other,

    /// <summary>It cannot be had: its bytes are lost, or it lies in memory that nobody counts.</summary>
    Special,
}
