using GpuSvm.Telemetry;
namespace GpuSvm.Live.Tests;

/// <summary>One message of each kind, with values at the edges of their types.</summary>
internal static class Samples
{
    public static readonly KernelReference Kernel = new()
    {
        AssemblyPath = "/a/b c/\"ü\".dll",
        ModuleVersion = Guid.Parse("00112233-4455-6677-8899-aabbccddeeff"),
        MethodToken = 0x0600_0001,
        Name = "Type.Method",
        ArgsType = "Args",
    };

    public static readonly MachineCounters Counters = new()
    {
        Faults = long.MaxValue,
        Duplicates = 2,
        Covered = 3,
        Batches = 4,
        Replays = 5,
        Cancels = 6,
        Retries = 7,
        Overflows = 8,
        PagesMapped = 9,
        TlbHits = 10,
        TlbMisses = 11,
        Walks = 12,
        Invalidations = 13,
        DuplicatedPages = 14,
    };

    public static readonly EngineSettings Settings = new()
    {
        Library = "0.1.0",
        Seed = ulong.MaxValue,
        Sms = 4,
        WarpsPerSm = 8,
        Parallel = true,
        FaultBufferEntries = 256,
        VideoMemoryBytes = 1UL << 30,
        HeapBytes = 1UL << 40,
        SystemBytes = 1UL << 30,
        KernelLimitTicks = long.MaxValue,
        Strategy = MirrorStrategy.SizedRanges,
        Ranges = RangeSettings.Of(new SvmRangeOptions { Placement = SvmResidency.Auto, Timeslice = TimeSpan.FromMilliseconds(5) }),
        Eviction = EvictionPolicy.OldestAllocation,
        ReadAroundPages = 64,
        EventSlots = 1 << 17,
        SystemAtomics = GpuSvm.Driver.SystemAtomics.DeviceExclusive,
    };

    public static readonly PagesRequest Pages = new() { Address = 4096, Bytes = ulong.MaxValue };

    public static readonly LaunchReply Launched = new()
    {
        Status = LaunchStatus.Faulted,
        Fault = new FaultReply
        {
            Address = 0xFFFF_8000_0000_0000,
            Access = FaultAccess.Atomic,
            Reason = "nothing is mapped",
            Error = Errno.EFAULT,
        },
        Exception = new ExceptionReply { Type = "T", Message = "line\nline", StackTrace = "   at a\n   at b" },
        ElapsedTicks = -1,
    };

    /// <summary>Sends each sample over <paramref name="channel"/> and hands back the kinds and the bodies.</summary>
    public static IReadOnlyList<(MessageKind Kind, object Body)> SendAll(MessageChannel channel)
    {
        var sent = new List<(MessageKind, object)>();
        Send(MessageKind.Hello, new HelloRequest { Settings = Settings });
        Send(MessageKind.Ready, new ReadyReply { Features = [], Kernel = "6.18", ProcessId = 7 });
        Send(MessageKind.Reserve, new ReserveRequest { Bytes = ulong.MaxValue });
        Send(MessageKind.Reserved, new ReservedReply { Buffer = long.MinValue });
        Send(MessageKind.Enter, new EnterRequest { Buffer = 1, Address = ulong.MaxValue - 4095, Protection = Protection.ReadWrite });
        Send(MessageKind.Drop, new DropRequest { Buffer = 1 });
        Send(MessageKind.Launch, new LaunchRequest { Kernel = Kernel, Grid = 1, Block = int.MaxValue, Args = [] });
        Send(MessageKind.Launched, Launched);
        Send(MessageKind.Counters, new CountersRequest());
        Send(MessageKind.CountersReply, new CountersReply { Counters = Counters });
        Send(MessageKind.Query, new QueryRequest { Address = 4096 });
        Send(MessageKind.PageState, new PageStateReply { Placement = PagePlacement.DeviceMemory, Cpu = Protection.Read, Gpu = Protection.None });
        Send(MessageKind.WriteProtect, new WriteProtectRequest { Address = 4096, Bytes = 4096 });
        Send(MessageKind.Close, new CloseRequest());
        Send(MessageKind.Done, new DoneReply());
        Send(MessageKind.Error, new ErrorReply { Error = Errno.ENOMEM, Message = "no room" });
        Send(MessageKind.Watch, new WatchRequest { EnginePid = 1, AppPid = 2 });
        Send(MessageKind.Released, new ReleasedNotice { Reason = "\u0001 because" });
        Send(MessageKind.Protect, new ProtectRequest { Address = 4096, Bytes = 4096, Protection = Protection.Read });
        Send(MessageKind.Advise, new AdviseRequest { Address = 4096, Bytes = 4096, Advice = MemoryAdvice.PreferDevice });
        Send(MessageKind.GetAdvice, Pages);
        Send(MessageKind.AdviceReply, new AdviceReply { Runs = [new() { Start = 0, End = 4096, Advice = MemoryAdvice.RemoteMap }], Next = 4096 });
        Send(MessageKind.Migrate, Pages);
        Send(MessageKind.Migrated, new MigratedReply { Pages = long.MaxValue, Error = Errno.ENOMEM });
        Send(MessageKind.Pin, Pages);
        Send(MessageKind.Pinned, new PinnedReply { Pin = 1 });
        Send(MessageKind.Unpin, new UnpinRequest { Pin = 1 });
        Send(MessageKind.Residency, Pages);
        Send(MessageKind.ResidencyReply, new ResidencyReply { Runs = [], Next = 4096 });
        Send(MessageKind.Ranges, new RangesRequest { Address = ulong.MaxValue });
        Send(MessageKind.RangesReply, new RangesReply { Runs = [], Next = null });
        Send(MessageKind.DrainEvents, new DrainEventsRequest());
        Send(MessageKind.EventsReply, EventsReply.Of(new SvmEvent[EventsReply.Most], 3));
        Send(MessageKind.Hold, new HoldNotice());
        Send(MessageKind.Lend, RingLayout.Of(7, new RingParameters { SubmissionEntries = 8, CompletionEntries = 16, Completions = 64 }));
        Send(MessageKind.Adopt, new AdoptRequest { Address = 4097, Bytes = 1 });
        Send(MessageKind.Adopted, new AdoptedReply { Id = 1, Address = 4096, Bytes = 4096 });
        Send(MessageKind.GiveBack, new GiveBackRequest { Id = 1 });
        Send(MessageKind.Greet, new GreetRequest { VideoMemoryBytes = 4096 });
        Send(
            MessageKind.LaunchNamed,
            new LaunchNamedRequest { Assembly = "/a.dll", Type = "T", Method = "m", Grid = 1, Block = 1, Args = "00ff" });
        return sent;

        void Send<T>(MessageKind kind, T body)
            where T : notnull
        {
            channel.Send(kind, (uint)sent.Count, body);
            sent.Add((kind, body));
        }
    }
}
