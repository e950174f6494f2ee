using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Answers an app's requests, one after another; launches run beside.</summary>
internal sealed partial class RequestServer(EngineSession session, MessageChannel channel, TimeSpan kernelLimit, EngineLog log) : IDisposable
{
    private readonly RankedLock _sending = new(LockRank.Device);
    private readonly LaunchTable _launches = new();

    /// <summary>What is told of a request that failed.</summary>
    public static ErrorReply ErrorOf(Exception error) => new()
    {
        Error = error is SvmException refused ? refused.Error : Errno.EINVAL,
        Message = error.Message,
        IsMisuse = error is ArgumentException or KernelLoadException,
    };

    /// <summary>Answers until the app ends the connection, or ends itself while somebody else still holds its socket.</summary>
    /// <param name="app">The app's process.</param>
    /// <exception cref="ProtocolException">The app sends what cannot be understood.</exception>
    public void Run(SafeFileHandle app)
    {
        using KernelWatch? watch = kernelLimit > TimeSpan.Zero ? session.WatchKernels(kernelLimit, OnRunaway) : null;
        session.TellChildren(userfaultfd => TryReply(MessageKind.Hold, 0, new HoldNotice(), userfaultfd));
        Span<bool> readable = stackalloc bool[3];
        while (true)
        {
            PollSet.Wait([channel.Socket.Descriptor, app, Noticed], timeout: null, readable);
            if (readable[2])
            {
                Notice();
            }
            else if (!readable[0] || !channel.TryReceive(out ReceivedMessage? message))
            {
                return;
            }
            else
            {
                message.Descriptor?.Dispose();
                Take(message);
            }
        }
    }

    private void Take(ReceivedMessage message)
    {
        if (HasReleased)
        {
            Refuse(message);
        }
        else if (message.Kind == MessageKind.LaunchNamed)
        {
            LaunchNamedRequest named = message.Body<LaunchNamedRequest>();
            _launches.Add(message.Id, named.Method);
            SvmThread.Start("launch", () => Launch(message.Id, () => session.Find(named)));
        }
        else if (message.Kind == MessageKind.Launch)
        {
            LaunchRequest request = message.Body<LaunchRequest>();
            _launches.Add(message.Id, request.Kernel.Name);
            SvmThread.Start("launch", () => Launch(message.Id, () => request));
        }
        else if (message.Kind == MessageKind.Migrate)
        {
            PagesRequest request = message.Body<PagesRequest>();
            SvmThread.Start(
                "svm move", () => Answer(message.Id, () => Reply(MessageKind.Migrated, message.Id, session.Migrate(request.DemandPages()))));
        }
        else
        {
            Answer(message.Id, () => Handle(message));
        }
    }

    /// <summary>Does something for the app; an error is its answer.</summary>
    private void Answer(uint id, Action action)
    {
        try
        {
            action();
        }
        catch (Exception error) when (error is not ProtocolException)
        {
            Reply(MessageKind.Error, id, ErrorOf(error));
        }
    }

    private void Handle(ReceivedMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.Reserve:
                LiveBuffer buffer = session.Reserve(message.Body<ReserveRequest>().Bytes);
                if (!TryReply(MessageKind.Reserved, message.Id, new ReservedReply { Buffer = buffer.Id }, buffer.File))
                {
                    session.Drop(buffer.Id);
                }

                return;

            case MessageKind.Enter:
                EnterRequest enter = message.Body<EnterRequest>();
                session.Enter(enter.Buffer, enter.Address, enter.Protection);
                break;

            case MessageKind.Drop:
                session.Drop(message.Body<DropRequest>().Buffer);
                break;

            case MessageKind.Counters:
                Reply(MessageKind.CountersReply, message.Id, new CountersReply { Counters = session.Counters });
                return;

            case MessageKind.Query:
                PageResidency residency = session.Query(message.Body<QueryRequest>().Address);
                Reply(MessageKind.PageState, message.Id, PageStateReply.Of(residency));
                return;

            case MessageKind.WriteProtect:
                WriteProtectRequest protect = message.Body<WriteProtectRequest>();
                session.WriteProtect(protect.Address, protect.Bytes);
                break;

            case MessageKind.Protect:
                ProtectRequest rights = message.Body<ProtectRequest>();
                session.Protect(AddressRange.FromLength(rights.Address, rights.Bytes), rights.Protection);
                break;

            case MessageKind.Advise:
                AdviseRequest said = message.Body<AdviseRequest>();
                session.Advise(AddressRange.FromLength(said.Address, said.Bytes), said.Advice);
                break;

            case MessageKind.Unpin:
                session.Unpin(message.Body<UnpinRequest>().Pin);
                break;

            case MessageKind.Lend:
                session.Borrow(message.Body<RingLayout>());
                break;

            case MessageKind.Adopt:
                AdoptRequest adopt = message.Body<AdoptRequest>();
                long id = session.Adopt(adopt.Address, adopt.Bytes, out AddressRange shared);
                Reply(MessageKind.Adopted, message.Id, new AdoptedReply { Id = id, Address = shared.Start, Bytes = shared.Length });
                return;

            case MessageKind.GiveBack:
                session.GiveBack(message.Body<GiveBackRequest>().Id);
                break;

            case MessageKind.Close:
                session.Close();
                break;

            default:
                Ask(message);
                return;
        }

        Reply(MessageKind.Done, message.Id, new DoneReply());
    }

    private void Launch(uint id, Func<LaunchRequest> find)
    {
        try
        {
            LaunchRequest request = find();
            LaunchResult result = session.LaunchAsync(
                request.Kernel, request.Grid, request.Block, request.Args, instance => _launches.Place(id, instance)).GetAwaiter().GetResult();
            if (_launches.TryTake(id))
            {
                Reply(MessageKind.Launched, id, LaunchReply.Of(result));
            }
        }
        catch (Exception error)
        {
            if (_launches.TryTake(id))
            {
                Reply(MessageKind.Error, id, ErrorOf(error));
            }
        }
    }

    private void Reply<T>(MessageKind kind, uint id, T body)
    {
        if (!TryReply(kind, id, body, null))
        {
            // Too long; or the app is gone, which the end of its messages tells to whom it concerns.
            var error = new ErrorReply { Error = Errno.EMSGSIZE, Message = $"The reply {kind} could not be sent." };
            TryReply(MessageKind.Error, id, error, null);
        }
    }

    private bool TryReply<T>(MessageKind kind, uint id, T body, SafeFileHandle? descriptor)
    {
        try
        {
            using (_sending.Enter())
            {
                channel.Send(kind, id, body, descriptor);
            }

            return true;
        }
        catch (SvmException)
        {
            return false;
        }
    }
}
