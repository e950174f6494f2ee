namespace GpuSvm.Live;

/// <summary>The numbers of a userfaultfd's calls.</summary>
/// <remarks>
/// Source: Linux include/uapi/linux/userfaultfd.h, UFFDIO_*: direction in bits 31:30, argument size in 29:16, 0xAA in 15:8, number in 7:0.
/// </remarks>
internal static class UffdCalls
{
    /// <summary>Makes a userfaultfd from /dev/userfaultfd: USERFAULTFD_IOC_NEW.</summary>
    internal const uint New = 0x0000_AA00;

    /// <summary>Handshake.</summary>
    internal const uint Api = 0xC018_AA3F;

    /// <summary>Faults of a range become messages.</summary>
    internal const uint Register = 0xC020_AA00;

    /// <summary>Faults of a range are the kernel's again.</summary>
    internal const uint Unregister = 0x8010_AA01;

    /// <summary>Lets threads go on that wait on a range.</summary>
    internal const uint Wake = 0x8010_AA02;

    /// <summary>Write-protects a range, or lifts that.</summary>
    internal const uint WriteProtect = 0xC018_AA06;

    /// <summary>Maps pages that the file has.</summary>
    internal const uint Continue = 0xC020_AA07;

    /// <summary>Gives pages that are not there: a copy.</summary>
    internal const uint Copy = 0xC028_AA03;

    /// <summary>Makes pages answer with SIGBUS.</summary>
    internal const uint Poison = 0xC020_AA08;

    /// <summary>What <see cref="Register"/> must say that a range can: wake, write-protect, continue and poison.</summary>
    internal const ulong Needed = (1UL << 2) | (1UL << 6) | (1UL << 7) | (1UL << 8);

    /// <summary>What <see cref="Register"/> must say that private memory can: wake, copy, write-protect and poison.</summary>
    internal const ulong NeededOfPrivate = (1UL << 2) | (1UL << 3) | (1UL << 6) | (1UL << 8);
}
