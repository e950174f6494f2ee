namespace GpuSvm.Gpu.Tests;

/// <summary>What comes late, or is still under way, when a channel or a GPU ends.</summary>
public sealed class TeardownTests : IDisposable
{
    private static readonly InstancePointer Instance = new(0x1000);
    private static readonly PageDirectoryBase Root = new(0x2000);

    private readonly SystemMemory _memory = new(64);
    private readonly VideoMemory _videoMemory = new(ByteSize.MiB(1));
    private readonly Iommu _iommu;
    private readonly FaultUnit _faults;
    private readonly ChannelTable _channels;

    public TeardownTests()
    {
        _iommu = new Iommu(_memory, 64, new SeededRandom(1));
        _faults = new FaultUnit(new FaultBuffer(4, 0, () => { }), new DeviceSignals(), Clock.Monotonic, Deadline.Default);
        var peers = new PeerWindow();
        _channels = new ChannelTable(
            1, _videoMemory, peers, channel => new SmPort(channel, _memory, _iommu, _videoMemory, peers, _faults, counters: null));
    }

    public void Dispose()
    {
        _iommu.Dispose();
        _videoMemory.Dispose();
        _memory.Dispose();
    }

    [Fact]
    public void A_flush_reaches_the_caches_of_a_channel_until_its_last_access_is_over()
    {
        Assert.Equal(Errno.None, _channels.Bind(Instance, Root));
        long sequence = -1;
        long afterFlush = -1;
        _channels.Unbind(Instance, channel =>
        {
            Assert.Null(channel.Domain);
            TranslationCache tlb = channel.Ports[0].Tlb;
            sequence = tlb.Sequence;
            SvmThread.Start("flush", () => _channels.Find(Root)?.Drop(new AddressRange(0x1000UL, 0x2000UL), 0)).Join();
            afterFlush = tlb.Sequence;
        });

        Assert.Equal(sequence + 1, afterFlush);
        Assert.Null(_channels.Find(Root));
        _channels.Unbind(Instance, _ => Assert.Fail("It is not bound any more."));
    }

    [Fact]
    public async Task A_launch_that_reaches_the_executor_after_its_end_is_retired_and_gives_its_outcome()
    {
        List<Launch> retired = [];
        var executor = new ParallelExecutor(
            [new SmRunner([new Sm(0, 1, new SeededRandom(1))], order: null, new SmTurn(1, 56), interrupt: null)], _faults, retired.Add);
        Launch launch = _channels.Add(
            Instance,
            channel => new Launch<ulong>(channel, Kernels.LoadOne, new LaunchShape(2, 32), 0, Clock.Monotonic, executor.Wake));
        launch.TryStop(LaunchStop.Disposed());
        executor.Dispose();

        executor.Submit(launch);

        Assert.Equal([launch], retired);
        Assert.True(launch.Result.IsCompleted);
        Assert.Equal(LaunchStatus.Cancelled, (await launch.Result).Status);
    }
}
