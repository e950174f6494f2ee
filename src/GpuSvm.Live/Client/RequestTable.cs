using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Requests to the engine that wait for their replies, and the thread that receives these. Thread-safe.</summary>
internal sealed class RequestTable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly RankedLock _sending = new(LockRank.Machine);
    private readonly Dictionary<uint, TaskCompletionSource<ReceivedMessage>> _waiting = [];
    private readonly MessageChannel _channel;
    private readonly Action _onEnd;
    private readonly Action _onReleased;
    private readonly Action<SafeFileHandle> _onHold;
    private readonly SvmThread _receiver;
    private uint _lastId;
    private bool _ended;
    private string? _reason;
    private string? _misunderstood;

    /// <summary>Starts to receive.</summary>
    /// <param name="channel">To the engine.</param>
    /// <param name="onEnd">Called when the engine has ended or is not understood, before anybody hears of that.</param>
    /// <param name="onReleased">Called when the engine has given this process's memory back and serves it no longer.</param>
    /// <param name="onHold">Called with the userfaultfd of a child that was forked, which is closed afterwards.</param>
    public RequestTable(MessageChannel channel, Action onEnd, Action onReleased, Action<SafeFileHandle> onHold)
    {
        _onHold = onHold;
        _onReleased = onReleased;
        _channel = channel;
        _onEnd = onEnd;
        _receiver = SvmThread.Start("svm replies", Receive);
    }

    /// <summary>Sends a request; the task gives the reply.</summary>
    /// <exception cref="SvmException">The engine refuses, with its reason; or it has ended.</exception>
    /// <exception cref="ArgumentException">The engine finds an argument wrong.</exception>
    public async Task<ReceivedMessage> SendAsync<T>(MessageKind kind, T body)
    {
        return Accepted(await Begin(kind, body).ConfigureAwait(false));
    }

    /// <summary>Sends a request and waits for its reply, without need of a thread of the pool.</summary>
    /// <exception cref="SvmException">As <see cref="SendAsync"/>.</exception>
    /// <exception cref="ArgumentException">As <see cref="SendAsync"/>.</exception>
    public ReceivedMessage Send<T>(MessageKind kind, T body) => Accepted(Begin(kind, body).GetAwaiter().GetResult());

    /// <summary>True once the engine has given this process's memory back.</summary>
    public bool IsReleased => SharedWord.Read(ref _reason) is not null;

    /// <summary>Waits until the channel's end was received.</summary>
    public void Join() => _receiver.Join();

    private static ReceivedMessage Accepted(ReceivedMessage reply) =>
        reply.Kind == MessageKind.Error ? throw reply.Body<ErrorReply>().ToException() : reply;

    private Task<ReceivedMessage> Begin<T>(MessageKind kind, T body)
    {
        var reply = new TaskCompletionSource<ReceivedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        uint id = Register(reply);
        try
        {
            using (_sending.Enter())
            {
                _channel.Send(kind, id, body);
            }
        }
        catch
        {
            Take(id);
            throw;
        }

        return reply.Task;
    }

    private uint Register(TaskCompletionSource<ReceivedMessage> reply)
    {
        using (_lock.Enter())
        {
            if (_ended)
            {
                throw Ended();
            }

            uint id = unchecked(++_lastId);
            _waiting.Add(id, reply);
            return id;
        }
    }

    private void Receive()
    {
        try
        {
            while (_channel.TryReceive(out ReceivedMessage? message))
            {
                if (message is { Kind: MessageKind.Hold, Descriptor: { } child })
                {
                    _onHold(child);
                }

                if (message.Kind != MessageKind.Reserved)
                {
                    // One that belongs to no reply of this kind.
                    message.Descriptor?.Dispose();
                }

                if (message.Kind == MessageKind.Released)
                {
                    SharedWord.Write(ref _reason, message.Body<ReleasedNotice>().Reason);
                    _onReleased();
                }
                else if (Take(message.Id) is not { } waiting || !waiting.TrySetResult(message))
                {
                    // Nobody has asked for it.
                    message.Descriptor?.Dispose();
                }
            }
        }
        catch (SvmException misunderstood)
        {
            SharedWord.CompareExchange(ref _misunderstood, misunderstood.Message, null);
        }
        finally
        {
            _onEnd();
            FailAll();
        }
    }

    private TaskCompletionSource<ReceivedMessage>? Take(uint id)
    {
        using (_lock.Enter())
        {
            return _waiting.Remove(id, out TaskCompletionSource<ReceivedMessage>? reply) ? reply : null;
        }
    }

    private void FailAll()
    {
        List<TaskCompletionSource<ReceivedMessage>> left;
        using (_lock.Enter())
        {
            _ended = true;
            left = [.. _waiting.Values];
            _waiting.Clear();
        }

        left.ForEach(reply => reply.TrySetException(Ended()));
    }

    private SvmException Ended() =>
        SharedWord.Read(ref _misunderstood) is { } misunderstood
            ? new SvmException(Errno.EPROTO, $"The engine is not understood: {misunderstood}")
            : new SvmException(
                Errno.ECANCELED, SharedWord.Read(ref _reason) is { } reason ? $"The engine has ended: {reason}." : "The engine has ended.");
}
