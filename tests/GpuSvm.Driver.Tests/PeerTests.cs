using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>Two GPUs on one address space, each with its own memory.</summary>
public sealed class PeerTests
{
    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    public static TheoryData<string, DevicePageKind> StrategiesAndKinds
    {
        get
        {
            var data = new TheoryData<string, DevicePageKind>();
            foreach ((string strategy, _) in MirrorStrategies.All)
            {
                data.Add(strategy, DevicePageKind.Private);
                data.Add(strategy, DevicePageKind.Coherent);
            }

            return data;
        }
    }

    [Theory]
    [InlineData(DevicePageKind.Private, "SSSS1111")]
    [InlineData(DevicePageKind.Coherent, "00001111")]
    public void Without_a_link_a_page_of_the_other_comes_home_or_is_system_memory_where_the_CPU_reaches_it(DevicePageKind kind, string where)
    {
        using var d = new PeerFixture(link: null, kind);
        d.Map(8);
        Assert.Equal(4, d.Bind(0, 0, 4).Pages);
        Assert.Equal(4, d.Bind(1, 4, 4).Pages);
        Assert.Equal("00001111", d.Where(8));

        d.Add(1, 0, 4, atomically: false).ThrowIfFailed();
        Assert.Equal((where, 4L), (d.Where(8), d.Gpus[1].DmaMapper.MappedPages));
        d.Add(0, 0, 4, atomically: false).ThrowIfFailed();
        d.Add(0, 0, 4, atomically: true).ThrowIfFailed();
        d.Add(1, 0, 4, atomically: true).ThrowIfFailed();
        Assert.Equal([401L, 402, 403, 404, 5, 6, 7, 8], Enumerable.Range(0, 8).Select(d.Read));
    }

    [Theory]
    [MemberData(nameof(StrategiesAndKinds))]
    public void Peers_map_a_page_where_it_is_and_use_the_same_bytes(string strategy, DevicePageKind kind)
    {
        using var d = new PeerFixture(PeerLink.Atomics, kind, strategy);
        d.Map(4);
        Assert.Equal(new BindResult(4, 4, Errno.None), d.Bind(0, 0, 4));
        d.Add(1, 0, 4, atomically: false).ThrowIfFailed();
        d.Add(1, 0, 4, atomically: true).ThrowIfFailed();
        d.Add(0, 0, 4, atomically: true).ThrowIfFailed();
        Assert.Equal(("0000", 4L, 4L), (d.Where(4), d.Drivers[1].MappedPages, d.Drivers[0].MappedPages));
        Assert.Equal((0L, 0L), (d.Gpus[1].DmaMapper.MappedPages, d.Drivers[1].Counters.ExclusivePages));

        // Ranges are mapped for what is asked: the first load, then the first store.
        Assert.Equal(strategy == "sized-ranges" ? 8 : 4, d.Drivers[1].Counters.Fetched);
        Assert.Equal(0L, d.Gpus[0].CopyEngine.Counters.BytesToSystem);
        Assert.Equal([301L, 302, 303, 304], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Theory]
    [MemberData(nameof(StrategiesAndKinds))]
    public void What_prefers_to_be_at_home_is_called_back_from_a_peer_by_the_next_fault(string strategy, DevicePageKind kind)
    {
        using var d = new PeerFixture(PeerLink.Atomics, kind, strategy);
        d.Map(16);
        d.Bind(0, 0, 16);
        d.Add(1, 0, 16, atomically: false).ThrowIfFailed();
        Assert.Equal(new string('0', 16), d.Where(16));
        var all = AddressRange.FromLength(PeerFixture.At(0), 16 * Page.Size);
        Assert.Equal(Errno.None, d.Drivers[1].TryAdvise(d.Clients[1], all, MemoryAdvice.PreferHost));
        d.Add(1, 3, 1, atomically: false).ThrowIfFailed();
        Assert.Equal(new string('S', 16), d.Where(16));
        Assert.Equal([101L, 102, 103, 204, 105], Enumerable.Range(0, 5).Select(d.Read));
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void An_atomic_over_a_link_without_them_brings_the_page_home_first(string strategy)
    {
        using var d = new PeerFixture(PeerLink.LoadsAndStores, strategy: strategy);
        d.Map(2);
        d.Bind(0, 0, 2);
        d.Add(1, 0, 2, atomically: false).ThrowIfFailed();
        Assert.Equal("00", d.Where(2));
        d.Add(1, 0, 1, atomically: true).ThrowIfFailed();
        Assert.Equal(("S0", 1L), (d.Where(2), d.Drivers[1].Counters.ExclusivePages));
        Assert.Equal([201L, 102], Enumerable.Range(0, 2).Select(d.Read));
    }

    [Fact]
    public void A_coherent_page_is_taken_alone_for_an_atomic_over_a_link_without_them()
    {
        using var d = new PeerFixture(PeerLink.LoadsAndStores, DevicePageKind.Coherent);
        d.Map(1);
        d.Bind(0, 0, 1);
        d.Add(1, 0, 1, atomically: true).ThrowIfFailed();
        Assert.Equal(1, d.Drivers[1].Counters.ExclusivePages);
        Assert.Equal((101L, "0"), (d.Read(0), d.Where(1)));
    }

    [Fact]
    public void A_page_that_leaves_its_device_is_taken_from_its_peers_before_it_is_copied()
    {
        using var d = new PeerFixture(PeerLink.Atomics);
        d.Map(4);
        d.Bind(0, 0, 4);
        d.Add(1, 0, 4, atomically: false).ThrowIfFailed();
        Assert.Equal(101, d.Read(0));
        Assert.Equal(("S000", 3L, 3L), (d.Where(4), d.Drivers[0].MappedPages, d.Drivers[1].MappedPages));
        Assert.Equal(Errno.None, d.Drivers[0].DeviceMemory!.Evict(d.Drivers[0].DeviceMemory!.Allocations[0]));
        Assert.Equal(("SSSS", 0L, 0L), (d.Where(4), d.Drivers[0].MappedPages, d.Drivers[1].MappedPages));
        d.Add(1, 0, 4, atomically: false).ThrowIfFailed();
        Assert.Equal([201L, 202, 203, 204], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Fact]
    public void A_device_that_ends_sends_its_pages_home_and_its_peer_goes_on()
    {
        using var d = new PeerFixture(PeerLink.Atomics);
        d.Map(4);
        d.Bind(0, 0, 4);
        d.Add(1, 0, 4, atomically: false).ThrowIfFailed();
        d.Drivers[0].Dispose();
        Assert.Equal(("SSSS", 0L), (d.Where(4), d.Drivers[1].MappedPages));
        d.Add(1, 0, 4, atomically: true).ThrowIfFailed();
        Assert.Equal(Errno.None, d.Gpus[1].ConnectPeer(0, d.Gpus[0].VideoMemory));
        Assert.Equal([201L, 202, 203, 204], Enumerable.Range(0, 4).Select(d.Read));
    }

    [Fact]
    public void Each_device_takes_what_is_at_home_and_both_use_all()
    {
        using var d = new PeerFixture(PeerLink.Atomics);
        d.Map(6);
        Assert.Equal(3, d.Bind(0, 0, 3).Pages);
        Assert.Equal(3, d.Bind(1, 0, 6).Pages);
        Assert.Equal("000111", d.Where(6));
        d.Add(0, 0, 6, atomically: true).ThrowIfFailed();
        d.Add(1, 0, 6, atomically: true).ThrowIfFailed();
        Assert.Equal("000111", d.Where(6));
        Assert.Equal([201L, 202, 203, 204, 205, 206], Enumerable.Range(0, 6).Select(d.Read));
    }
}
