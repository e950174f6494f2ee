namespace GpuSvm.Live;

/// <summary>Requests to the engine that wait for their replies, and the thread that receives these. Thread-safe.</summary>
internal sealed class RequestTable
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly RankedLock _sending = new(LockRank.Machine);
    private readonly Dictionary<uint, TaskCompletionSource<ReceivedMessage>> _waiting = [];
    private readonly MessageChannel _channel;
    private readonly SvmThread _receiver;
    private uint _lastId;
    private bool _ended;

    /// <summary>Starts to receive.</summary>
    public RequestTable(MessageChannel channel)
    {
        _channel = channel;
        _receiver = SvmThread.Start("svm replies", Receive);
    }

    /// <summary>Sends a request; the task gives the reply.</summary>
    /// <exception cref="SvmException">The engine refuses, with its reason; or it has ended.</exception>
    /// <exception cref="ArgumentException">The engine finds an argument wrong.</exception>
    public async Task<ReceivedMessage> SendAsync<T>(MessageKind kind, T body)
    {
        var reply = new TaskCompletionSource<ReceivedMessage>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_sending.Enter())
        {
            _channel.Send(kind, Register(reply), body);
        }

        ReceivedMessage received = await reply.Task.ConfigureAwait(false);
        return received.Kind == MessageKind.Error ? throw received.Body<ErrorReply>().ToException() : received;
    }

    /// <summary>Sends a request and waits for its reply.</summary>
    public ReceivedMessage Send<T>(MessageKind kind, T body) => SendAsync(kind, body).GetAwaiter().GetResult();

    /// <summary>Waits until the channel's end was received.</summary>
    public void Join() => _receiver.Join();

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
                Take(message.Id)?.TrySetResult(message);
            }
        }
        finally
        {
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

    private static SvmException Ended() => new(Errno.ECANCELED, "The engine has ended.");
}
