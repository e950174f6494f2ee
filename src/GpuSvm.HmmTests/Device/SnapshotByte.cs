namespace GpuSvm.HmmTests;

/// <summary>What a snapshot says of a page: where it is, what the CPU may do, how large it is mapped.</summary>
/// <remarks>Source: Linux lib/test_hmm_uapi.h, HMM_DMIRROR_PROT_*. A place is a number in bits 6:4, not a set of bits.</remarks>
[Flags]
public enum SnapshotByte : byte
{
    /// <summary>There is no page, or none that the device could have as it is.</summary>
    None = 0x00,

    /// <summary>The CPU may only read it.</summary>
    Read = 0x01,

    /// <summary>The CPU may write it.</summary>
    Write = 0x02,

    /// <summary>It is part of a huge page of 2 MiB.</summary>
    Huge = 0x04,

    /// <summary>It is part of a page of 1 GiB.</summary>
    Gigantic = 0x08,

    /// <summary>It shares the zero page.</summary>
    Zero = 0x10,

    /// <summary>It lives in this device's private memory.</summary>
    PrivateLocal = 0x20,

    /// <summary>It lives in another device's private memory.</summary>
    PrivateRemote = 0x30,

    /// <summary>It lives in this device's coherent memory.</summary>
    CoherentLocal = 0x40,

    /// <summary>It lives in another device's coherent memory.</summary>
    CoherentRemote = 0x50,

    /// <summary>No device can have it.</summary>
    Error = 0xff,
}
