using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <content>Children that the app forks: they share its heap.</content>
internal sealed partial class EngineSession
{
    private readonly LiveFamily _family;
    private Action<SafeFileHandle>? _onChild;

    /// <inheritdoc/>
    void IEventObserver.OnForked(LiveProcess parent, LiveProcess child)
    {
        SharedWord.Read(ref _onChild)?.Invoke(child.Userfaultfd.Descriptor);
        _family.Add(child);
        child.Start(this);
    }

    /// <summary>Has somebody told of the userfaultfd of each child, before the child is served.</summary>
    public void TellChildren(Action<SafeFileHandle> onChild) => SharedWord.Write(ref _onChild, onChild);

    /// <inheritdoc/>
    void IEventObserver.OnEnded() => _reaper.Enqueue(_endGone);

    /// <inheritdoc/>
    void IEventObserver.OnUnprotected(AddressRange range, Errno error)
    {
        _end();
        _log.Write($"the app could not be kept from storing to {range} ({error}); it was killed so that no store is lost");
    }

    private void EndGone()
    {
        if (_family.EndGone())
        {
            _buffers.DropUnmapped();
        }
    }

    /// <summary>Waits until all that was told of the family's memory has been acted on.</summary>
    private void Drain()
    {
        if (!_family.Drain(Clock.Monotonic.After(DrainLimit)))
        {
            throw new SvmException(Errno.ETIMEDOUT, $"What the app did to its memory was not acted on within {DrainLimit.TotalSeconds} s.");
        }

        EndGone();
    }

    /// <summary>Switches on what the app's userfaultfd has to tell.</summary>
    private static UffdFeatures Enable(Userfaultfd userfaultfd)
    {
        UffdFeatures features = LiveSupport.Required | LiveSupport.Optional;
        Errno error = userfaultfd.Enable(features, out _);
        if (error == Errno.EPERM)
        {
            features = LiveSupport.Required;
            error = userfaultfd.Enable(features, out _);
        }

        return error == Errno.None ? features : throw new SvmException(error, "The app's userfaultfd could not be enabled.");
    }
}
