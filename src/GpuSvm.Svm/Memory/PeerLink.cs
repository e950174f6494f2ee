namespace GpuSvm.Svm;

/// <summary>What devices may do with pages in each other's memory.</summary>
public enum PeerLink : byte
{
    /// <summary>Loads and stores: an atomic brings the page home first. As over PCI Express.</summary>
    LoadsAndStores,

    /// <summary>Atomics, too. As over NVLink.</summary>
    Atomics,
}
