using GpuSvm.Core;
using GpuSvm.Live;

namespace GpuSvm;

/// <summary>Private memory of this process that a session's GPU shares until this is disposed of.</summary>
/// <remarks>
/// No copy: the pages move to the GPU when that uses them, and home when this process touches them. Several may share pages: a page is the
/// process's own again when the last of them is disposed of.
/// </remarks>
public sealed class AdoptedMemory : IDisposable
{
    private readonly SvmSession _session;
    private readonly AdoptedReply _shared;
    private int _disposed;

    internal AdoptedMemory(SvmSession session, AdoptedReply shared)
    {
        _session = session;
        _shared = shared;
    }

    /// <summary>First byte of the first page.</summary>
    public VirtualAddress Address => _shared.Address;

    /// <summary>All pages.</summary>
    public ByteSize Size => _shared.Bytes;

    internal long Id => _shared.Id;

    /// <summary>Brings every page home; the GPU reaches them no longer. A second call does nothing.</summary>
    /// <exception cref="SvmException">A page could not come home; what it belongs to stays adopted, and this can be tried again.</exception>
    /// <remarks>A kernel that still uses the memory ends with a fault, as after <c>munmap</c>.</remarks>
    public void Dispose()
    {
        if (SharedWord.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            _session.GiveBack(this);
        }
        catch
        {
            SharedWord.Write(ref _disposed, 0);
            throw;
        }
    }
}
