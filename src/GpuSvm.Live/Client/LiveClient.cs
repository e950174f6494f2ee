using System.Runtime.InteropServices;
using GpuSvm.Svm;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>The app's side of a session: the engine and the guard, and what the app asks of them. Thread-safe.</summary>
internal sealed class LiveClient : IDisposable
{
    private readonly ProgramPair _programs;
    private readonly RequestTable _requests;
    private LentRing? _ring;
    private int _isClosing;

    private LiveClient(ProgramPair programs)
    {
        _programs = programs;
        _requests = new RequestTable(programs.EngineChannel, OnEngineEnd, OnReleased, programs.Hold);
    }

    /// <summary>What the engine told of the machine.</summary>
    public ReadyReply Ready => _programs.Ready;

    /// <summary>The guard's process id.</summary>
    public int GuardProcessId => _programs.GuardProcessId;

    /// <summary>Starts engine and guard and hands them this process's userfaultfd.</summary>
    /// <exception cref="SvmException">The machine cannot do it, or a program does not start; nothing is left of it then.</exception>
    /// <exception cref="ArgumentException">The engine finds a setting wrong.</exception>
    public static LiveClient Open(EngineSettings settings, string enginePath) => new(ProgramPair.Open(settings, enginePath));

    /// <summary>Has a buffer made, maps it here, and has its faults served from then on.</summary>
    /// <param name="hint">The address wished for; 0 for none.</param>
    /// <param name="bytes">Whole pages.</param>
    /// <param name="protection">What the program may do with it.</param>
    /// <param name="mapped">The buffer.</param>
    /// <returns>What the engine or mmap refuses with; then nothing is left.</returns>
    public Errno TryMap(VirtualAddress hint, ulong bytes, Protection protection, out MappedBuffer mapped)
    {
        mapped = default;
        try
        {
            ReceivedMessage reserved = _requests.Send(MessageKind.Reserve, new ReserveRequest { Bytes = bytes });
            long id = reserved.Body<ReservedReply>().Buffer;
            Errno error;
            try
            {
                error = Enter(id, reserved.DemandDescriptor(), hint, bytes, protection, out VirtualAddress address);
                mapped = new MappedBuffer(id, AddressRange.FromLength(address, error == Errno.None ? bytes : 0));
            }
            catch
            {
                _requests.Send(MessageKind.Drop, new DropRequest { Buffer = id });
                throw;
            }

            if (error != Errno.None)
            {
                _requests.Send(MessageKind.Drop, new DropRequest { Buffer = id });
            }

            return error;
        }
        catch (RefusedException refused)
        {
            return refused.Error;
        }
    }

    /// <summary>Runs a kernel.</summary>
    public async Task<LaunchResult> LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        var request = new LaunchRequest
        {
            Kernel = KernelReference.Of(kernel),
            Grid = grid,
            Block = block,
            Args = MemoryMarshal.AsBytes(new ReadOnlySpan<TArgs>(in args)).ToArray(),
        };
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Launch, request).ConfigureAwait(false);
        return reply.Body<LaunchReply>().ToResult();
    }

    /// <summary>What the engine has counted.</summary>
    public async Task<MachineCounters> CountersAsync()
    {
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Counters, new CountersRequest()).ConfigureAwait(false);
        return reply.Body<CountersReply>().Counters;
    }

    /// <summary>Where a page is.</summary>
    public async Task<PageResidency> QueryAsync(VirtualAddress address)
    {
        var query = new QueryRequest { Address = address.Value };
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Query, query).ConfigureAwait(false);
        return reply.Body<PageStateReply>().ToResidency();
    }

    /// <summary>Has private memory shared; the first time the engine is lent a ring.</summary>
    /// <exception cref="SvmException">The system or the engine refuses; the message says why.</exception>
    public AdoptedReply Adopt(VirtualAddress address, ulong bytes)
    {
        if (SharedWord.Read(ref _ring) is null)
        {
            // Of two threads that come here at once the engine takes the ring of the first; the other ring is not needed.
            LentRing ring = LentRing.Create(Ready.ProcessId);
            try
            {
                _requests.Send(MessageKind.Lend, ring.Layout);
            }
            catch
            {
                ring.Dispose();
                throw;
            }

            if (SharedWord.CompareExchange(ref _ring, ring, null) is not null)
            {
                ring.Dispose();
            }
        }

        var request = new AdoptRequest { Address = address.Value, Bytes = bytes };
        return _requests.Send(MessageKind.Adopt, request).Body<AdoptedReply>();
    }

    /// <summary>Makes adopted memory this process's own again.</summary>
    public void GiveBack(long id) => SendUnlessReleased(MessageKind.GiveBack, new GiveBackRequest { Id = id });

    /// <summary>Takes write access to a range away until it is written again.</summary>
    public Task WriteProtectAsync(VirtualAddress address, ulong bytes) =>
        _requests.SendAsync(MessageKind.WriteProtect, new WriteProtectRequest { Address = address.Value, Bytes = bytes });

    /// <summary>Tells of rights that this process has changed.</summary>
    public void Protect(AddressRange range, Protection protection) => _requests.Send(
        MessageKind.Protect, new ProtectRequest { Address = range.Start.Value, Bytes = range.Length, Protection = protection });

    /// <summary>Says where memory shall live.</summary>
    public void Advise(AddressRange range, MemoryAdvice advice) => _requests.Send(
        MessageKind.Advise, new AdviseRequest { Address = range.Start.Value, Bytes = range.Length, Advice = advice });

    /// <summary>Brings pages home and keeps them there.</summary>
    /// <returns>What <see cref="Unpin"/> is told.</returns>
    public long Pin(AddressRange range) => _requests.Send(MessageKind.Pin, RequestOf(range)).Body<PinnedReply>().Pin;

    /// <summary>Lets pages move again.</summary>
    public void Unpin(long pin) => SendUnlessReleased(MessageKind.Unpin, new UnpinRequest { Pin = pin });

    /// <summary>Moves pages to the GPU's memory.</summary>
    public async Task<MigrationResult> MigrateAsync(AddressRange range)
    {
        ReceivedMessage reply = await _requests.SendAsync(MessageKind.Migrate, RequestOf(range)).ConfigureAwait(false);
        MigratedReply moved = reply.Body<MigratedReply>();
        return new MigrationResult(moved.Pages, moved.Error);
    }

    /// <summary>What was said of memory.</summary>
    public IReadOnlyList<AdviceRun> GetAdvice(AddressRange range)
    {
        List<AdviceRun> runs = [];
        while (!range.IsEmpty)
        {
            AdviceReply reply = _requests.Send(MessageKind.GetAdvice, RequestOf(range)).Body<AdviceReply>();
            runs.AddRange(reply.Runs.Select(run => new AdviceRun(new AddressRange(run.Start, run.End), run.Advice)));
            range = new AddressRange(reply.Next, range.End);
        }

        return runs;
    }

    /// <summary>Where pages are.</summary>
    public async Task<IReadOnlyList<PageResidencyRun>> ResidencyAsync(AddressRange range)
    {
        List<PageResidencyRun> runs = [];
        while (!range.IsEmpty)
        {
            ReceivedMessage message = await _requests.SendAsync(MessageKind.Residency, RequestOf(range)).ConfigureAwait(false);
            ResidencyReply reply = message.Body<ResidencyReply>();
            runs.AddRange(reply.Runs.Select(run => run.ToRun()));
            range = new AddressRange(reply.Next, range.End);
        }

        return runs;
    }

    /// <summary>The driver's ranges.</summary>
    public async Task<IReadOnlyList<SvmResidencyRun>> RangesAsync()
    {
        List<SvmResidencyRun> runs = [];
        for (ulong? from = 0; from is { } address;)
        {
            var request = new RangesRequest { Address = address };
            ReceivedMessage message = await _requests.SendAsync(MessageKind.Ranges, request).ConfigureAwait(false);
            RangesReply reply = message.Body<RangesReply>();
            runs.AddRange(reply.Runs.Select(run => run.ToRun()));
            from = reply.Next;
        }

        return runs;
    }

    /// <summary>Fetches the events that the engine has kept, as many as go into one message.</summary>
    public EventsReply DrainEvents() => _requests.Send(MessageKind.DrainEvents, new DrainEventsRequest()).Body<EventsReply>();

    /// <summary>Cancels every launch. CPU faults are served until <see cref="Dispose"/>.</summary>
    public async Task CloseAsync()
    {
        try
        {
            await _requests.SendAsync(MessageKind.Close, new CloseRequest()).ConfigureAwait(false);
        }
        catch (SvmException) when (_requests.IsReleased)
        {
            // The engine has ended for a reason that was told, and left nothing to close.
        }
    }

    /// <summary>Ends guard and engine; the app has unmapped all buffers.</summary>
    public void Dispose()
    {
        try
        {
            if (TryBeginClosing())
            {
                _programs.EndGuard();
            }
            else
            {
                // The thread that receives is at it.
                _requests.Join();
            }
        }
        finally
        {
            try
            {
                _programs.EndEngine();
                _requests.Join();
            }
            finally
            {
                _programs.Dispose();
                _ring?.Dispose();
            }
        }
    }

    private Errno Enter(
        long id, SafeFileHandle memory, VirtualAddress hint, ulong bytes, Protection protection, out VirtualAddress address)
    {
        using SafeFileHandle file = memory;
        Errno error = AppMemory.Map(hint, bytes, protection, file, out address);
        if (error == Errno.None && !HearsOfForks)
        {
            // The engine could not serve a child.
            error = AppMemory.WithholdFromChildren(address, bytes);
            if (error != Errno.None)
            {
                AppMemory.Unmap(address, bytes);
            }
        }

        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            _requests.Send(MessageKind.Enter, new EnterRequest { Buffer = id, Address = address.Value, Protection = protection });
            return Errno.None;
        }
        catch
        {
            AppMemory.Unmap(address, bytes);
            throw;
        }
    }

    private bool HearsOfForks => Ready.Features.Contains(LiveSupport.FeatureNames(UffdFeatures.EventFork)[0]);

    /// <summary>Does what the guard would do, if that is gone: nobody serves this process's faults any more.</summary>
    private void OnEngineEnd()
    {
        if (SharedWord.Read(ref _isClosing) == 0 && _programs.IsUnguarded)
        {
            using SafeFileHandle self = ProcessFile.Open(Environment.ProcessId);
            ProcessFile.Kill(self);
        }
    }

    /// <summary>Gives something back, which an engine that has given all memory back has done already.</summary>
    private void SendUnlessReleased<T>(MessageKind kind, T request)
    {
        try
        {
            _requests.Send(kind, request);
        }
        catch (SvmException) when (_requests.IsReleased)
        {
        }
    }

    /// <summary>Lets go of guard and engine: this process's memory is its own again.</summary>
    private void OnReleased()
    {
        if (TryBeginClosing())
        {
            _programs.EndGuard();
            _programs.LeaveEngine();
        }
    }

    private bool TryBeginClosing() => SharedWord.CompareExchange(ref _isClosing, 1, 0) == 0;

    private static PagesRequest RequestOf(AddressRange range) => new() { Address = range.Start.Value, Bytes = range.Length };
}
