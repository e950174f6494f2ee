namespace GpuSvm.Live;

/// <content>Private memory, which the engine reads and takes by calls that tell and fault as the process's own do.</content>
internal sealed partial class MessageQueue
{
    private readonly OwnDiscards _own = new();
    private readonly List<UffdMessage> _foreign = [];
    private Func<VirtualAddress, Errno>? _answer;
    private long _ownEnded;
    private uint _reader;
    private ulong? _asked;

    private bool IsRead => _answer is not null;

    /// <summary>Gives pages as <see cref="Userfaultfd.Copy"/> does, unless they are about to be discarded, or a child is to have them first.</summary>
    /// <returns>EAGAIN too while a change of one of the pages, or a fork, was read and not yet acted on.</returns>
    public unsafe Errno Copy(AddressRange range, byte* source, ContinueMode mode, out ulong doneBytes)
    {
        using (_lock.Enter())
        {
            doneBytes = 0;

            // SAFETY: nothing is read here; the caller has as many bytes there as the range.
            return IsChanging(range) || IsForking ? Errno.EAGAIN : _userfaultfd.Copy(range, source, mode, out doneBytes);
        }
    }

    /// <summary>From now on discards in a range may be the engine's own.</summary>
    public void BeginOwnDiscard(AddressRange range)
    {
        using (_lock.Enter())
        {
            _own.Begin(range);
        }
    }

    /// <summary>The engine's discard has ended: of the messages that were kept back its own are dropped.</summary>
    /// <param name="isMappingStart">As <see cref="OwnDiscards.End"/>.</param>
    public void EndOwnDiscard(Func<VirtualAddress, bool> isMappingStart)
    {
        using (_lock.Enter())
        {
            _ownEnded++;
            _finished += _own.End(_foreign, isMappingStart);
            foreach (UffdMessage message in _foreign)
            {
                _waiting.Enqueue(message);
                _changes.Enqueue(MappingChange.Of(message));
                SharedWord.Write(ref _changesRead, _changesRead + 1);
            }

            _foreign.Clear();
        }

        _changed.WakeAll();
    }

    /// <summary>A thread of the engine reads the process's memory: should it fault, who reads the messages answers at once.</summary>
    /// <param name="thread">The kernel's number of the thread.</param>
    /// <param name="answer">Gives a page any bytes, so that the read goes on; says EAGAIN when it is to be asked again.</param>
    public void BeginRead(uint thread, Func<VirtualAddress, Errno> answer)
    {
        using (_lock.Enter())
        {
            (_reader, _answer, _asked) = (thread, answer, null);
        }
    }

    /// <summary>The read has ended.</summary>
    public void EndRead()
    {
        using (_lock.Enter())
        {
            (_reader, _answer, _asked) = (0, null, null);
        }
    }

    private bool IsForking
    {
        get
        {
            foreach (MappingChange change in _changes)
            {
                if (change.Child is not null && !Breaks.GivenBeforeTheChild)
                {
                    return true;
                }
            }

            return false;
        }
    }

    private bool IsOfReader(in UffdMessage message) => IsRead && message.Event == UffdEvent.PageFault && message.ThreadId == _reader;

    private void AnswerReader()
    {
        if (_asked is { } page && _answer!(page) != Errno.EAGAIN)
        {
            _asked = null;
        }
    }
}
