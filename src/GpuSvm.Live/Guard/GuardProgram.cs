using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The guard process: it holds a userfaultfd so that it outlives the engine, and ends an app whose engine has ended.</summary>
/// <remarks>
/// With the last descriptor of a userfaultfd the kernel would fill the app's missing pages with zeros: wrong bytes. As the guard holds one
/// more, threads of the app that fault wait for a page that never comes, until the guard has killed them.
/// </remarks>
internal static class GuardProgram
{
    private const int Good = 0;
    private const int Refused = 2;

    /// <summary>How many wrong messages get an answer: an app that does not read them must not hold up its guard.</summary>
    private const int MostAnswers = 16;

    /// <summary>Watches until the app has ended, or says that it ends in order.</summary>
    /// <param name="address">Where the app listens.</param>
    /// <returns>The exit status: 0, or 2 when nothing could be watched.</returns>
    internal static int Run(string address)
    {
        using var signals = GroupSignals.Ignore();
        try
        {
            using var channel = new MessageChannel(LocalSocket.Connect(address));
            channel.Socket.DemandOwnUser();
            return channel.TryReceive(out ReceivedMessage? first) ? Watch(channel, first) : Good;
        }
        catch (SvmException refused)
        {
            Console.Error.WriteLine($"gpusvm: the guard ends: {refused.Message}");
            return Refused;
        }
    }

    private static int Watch(MessageChannel channel, ReceivedMessage first)
    {
        using Userfaultfd? userfaultfd = first.Descriptor is { } descriptor ? new Userfaultfd(descriptor) : null;
        SafeFileHandle? engine = null;
        SafeFileHandle? app = null;
        List<Userfaultfd> children = [];
        try
        {
            WatchRequest request = first.Body<WatchRequest>();
            _ = first.DemandDescriptor();
            int peer = channel.Socket.PeerProcessId;
            if (request.AppPid != peer)
            {
                throw new ProtocolException(
                    $"The app to watch must be the process at the other end, {peer}, but {request.AppPid} was named.");
            }

            engine = ProcessFile.Open(request.EnginePid);
            app = ProcessFile.Open(request.AppPid);
            if (Breaks.GuardHoldsNothing)
            {
                userfaultfd!.Dispose();
            }

            channel.Send(MessageKind.Done, first.Id, new DoneReply());
            if (AppIsAlone(engine, app, channel, children) && HasItsMemory(userfaultfd!))
            {
                ProcessFile.Kill(app);
                PollSet.Wait([app], timeout: null, stackalloc bool[1]);
                EndChildren(request.EnginePid);
                Console.Error.WriteLine(
                    $"gpusvm: the engine ended unexpectedly; the process {request.AppPid} was killed so that it reads no wrong byte");
            }

            return Good;
        }
        catch (SvmException refused) when (app is null)
        {
            channel.Send(MessageKind.Error, first.Id, new ErrorReply { Error = refused.Error, Message = refused.Message });
            return Refused;
        }
        finally
        {
            engine?.Dispose();
            app?.Dispose();
            children.ForEach(child => child.Dispose());
        }
    }

    /// <summary>Holds what is the userfaultfd of a process that lives, and those of children no longer that have ended.</summary>
    private static void Hold(List<Userfaultfd> children, SafeFileHandle descriptor)
    {
        children.Add(new Userfaultfd(descriptor));
        foreach (Userfaultfd other in children.Where(child => !IsOfLiving(child)).ToArray())
        {
            children.Remove(other);
            other.Dispose();
        }
    }

    private static bool IsOfLiving(Userfaultfd userfaultfd) =>
        userfaultfd.WriteProtect(AddressRange.PageAt(Page.Size)) is Errno.None or Errno.ENOENT or Errno.EAGAIN;

    /// <summary>Ends what the app has forked and still maps buffers: nobody serves it any more, either.</summary>
    private static void EndChildren(int engineId)
    {
        foreach (int id in ProcessMaps.ProcessesWith(engineId))
        {
            try
            {
                using SafeFileHandle child = ProcessFile.Open(id);
                ProcessFile.Kill(child);
            }
            catch (SvmException)
            {
                // It has ended by itself.
            }
        }
    }

    /// <summary>False once the app has become another program (execve): its engine ends in order, and nothing is left to guard.</summary>
    private static bool HasItsMemory(Userfaultfd userfaultfd) =>
        Breaks.GuardHoldsNothing || userfaultfd.WriteProtect(AddressRange.PageAt(Page.Size)) != Errno.ESRCH;

    /// <summary>Waits: true once the engine has ended and the app has not, false once the app has ended or said that it ends.</summary>
    private static bool AppIsAlone(SafeFileHandle engine, SafeFileHandle app, MessageChannel channel, List<Userfaultfd> children)
    {
        SafeFileHandle[] descriptors = [engine, app, channel.Socket.Descriptor];
        int count = descriptors.Length;
        int wrong = 0;
        Span<bool> readable = stackalloc bool[count];
        while (true)
        {
            readable.Clear();
            PollSet.Wait(descriptors.AsSpan(0, count), timeout: null, readable);
            if (readable[2])
            {
                switch (Hear(channel, isAnswered: wrong < MostAnswers, children))
                {
                    case Word.Close:
                        return false;
                    case Word.Hold:
                        break;
                    case Word.End:
                        // The app is dying, or lives on without a word: then it is watched all the same.
                        count--;
                        break;
                    default:
                        wrong++;
                        break;
                }
            }

            if (readable[1] || readable[0])
            {
                return !readable[1];
            }
        }
    }

    private static Word Hear(MessageChannel channel, bool isAnswered, List<Userfaultfd> children)
    {
        try
        {
            if (!channel.TryReceive(out ReceivedMessage? message))
            {
                return Word.End;
            }

            if (message is { Kind: MessageKind.Hold, Descriptor: { } child } && !Breaks.GuardHoldsNothing)
            {
                Hold(children, child);
                return Word.Hold;
            }

            message.Descriptor?.Dispose();
            if (message.Kind == MessageKind.Close)
            {
                channel.Send(MessageKind.Done, message.Id, new DoneReply());
                return Word.Close;
            }

            if (isAnswered)
            {
                channel.Send(
                    MessageKind.Error,
                    message.Id,
                    new ErrorReply { Error = Errno.EPROTO, Message = $"A guard is told {MessageKind.Close}, but {message.Kind} came." });
            }

            return Word.Other;
        }
        catch (ProtocolException)
        {
            // Whatever the app says wrong, its guard stays.
            return Word.Other;
        }
        catch (SvmException)
        {
            return Word.End;
        }
    }

    private enum Word
    {
        Close,
        Hold,
        End,
        Other,
    }
}
