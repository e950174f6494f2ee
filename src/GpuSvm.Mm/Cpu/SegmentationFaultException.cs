using GpuSvm.Mm;

namespace GpuSvm;

/// <summary>A simulated program touched an address that is not mapped, or not in this way (SIGSEGV).</summary>
public sealed class SegmentationFaultException : SvmException
{
    /// <summary>Makes an exception for an access.</summary>
    /// <param name="address">The byte that was touched.</param>
    /// <param name="access">What was tried.</param>
    public SegmentationFaultException(VirtualAddress address, CpuAccess access)
        : base(
            Errno.EFAULT,
            $"The CPU may not {(access == CpuAccess.Write ? "write" : "read")} {address}: nothing is mapped there, or its protection forbids it")
    {
        Address = address;
        Access = access;
    }

    /// <summary>The byte that was touched.</summary>
    public VirtualAddress Address { get; }

    /// <summary>What was tried.</summary>
    public CpuAccess Access { get; }
}
