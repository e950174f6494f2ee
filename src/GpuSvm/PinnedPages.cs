using GpuSvm.Core;

namespace GpuSvm;

/// <summary>Pages that stay in the system's memory until this is disposed. A second call does nothing.</summary>
internal sealed class PinnedPages(SvmSession session, long pin) : IDisposable
{
    private int _disposed;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (SharedWord.Exchange(ref _disposed, 1) == 0)
        {
            session.Unpin(pin);
        }
    }
}
