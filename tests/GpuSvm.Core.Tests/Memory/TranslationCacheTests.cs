namespace GpuSvm.Core.Tests.Memory;

public class TranslationCacheTests
{
    private const ulong At = 0x7f00_1234_5000;
    private const ulong Target = 0xabc000;
    private const TranslationRights ReadWrite = TranslationRights.Read | TranslationRights.Write;
    private readonly TranslationCache _cache = new();

    [Fact]
    public void An_entry_hits_for_every_address_of_its_page_and_no_other()
    {
        Assert.False(Hits(At));
        Assert.True(Fill(At + 8, TranslationRights.Read));

        Assert.True(Hits(At));
        Assert.True(Hits(At + 0xff8));
        Assert.False(Hits(At - 8));
        Assert.False(Hits(At + 0x1000));
        Assert.False(Hits(At + (TranslationCache.EntryCount * Page.Size)));
        Assert.False(Hits(0));
    }

    [Fact]
    public void An_entry_hits_only_for_the_rights_it_has()
    {
        Fill(At, ReadWrite);

        Assert.True(Hits(At, TranslationRights.Read));
        Assert.True(Hits(At, TranslationRights.Write));
        Assert.True(Hits(At, ReadWrite));
        Assert.False(Hits(At, TranslationRights.Atomic));
        Assert.False(Hits(At, ReadWrite | TranslationRights.Atomic));
    }

    [Theory]
    [InlineData(0, 1, true)]
    [InlineData(7, 1, true)]
    [InlineData(2, 2, true)]
    [InlineData(1, 2, false)]
    [InlineData(4, 4, true)]
    [InlineData(2, 4, false)]
    [InlineData(8, 8, true)]
    [InlineData(4, 8, false)]
    [InlineData(0, 4096, true)]
    [InlineData(8, 4096, false)]
    public void A_misaligned_address_never_hits(ulong offset, uint size, bool hits)
    {
        Fill(At, ReadWrite);
        Assert.Equal(hits, _cache.TryTranslate(At + offset, TranslationRights.Read, size, out _));
    }

    [Fact]
    public void Pages_that_share_an_entry_replace_each_other()
    {
        const ulong Rival = At + (TranslationCache.EntryCount * Page.Size);
        Fill(At, ReadWrite);
        Fill(Rival, TranslationRights.Read);

        Assert.False(Hits(At));
        Assert.True(Hits(Rival));
        Assert.False(Hits(Rival, TranslationRights.Write));
    }

    [Fact]
    public void A_drop_empties_the_pages_that_its_range_touches()
    {
        for (ulong page = 0; page < 5; page++)
        {
            Fill(At + (page * Page.Size), ReadWrite);
        }

        _cache.Drop(new AddressRange(At + 0x1fff, At + 0x3001));
        Assert.Equal([true, false, false, false, true], Enumerable.Range(0, 5).Select(page => Hits(At + ((ulong)page * Page.Size))));
    }

    [Fact]
    public void A_drop_of_another_page_with_the_same_entry_leaves_it()
    {
        Fill(At, ReadWrite);
        _cache.Drop(AddressRange.PageAt(At + (TranslationCache.EntryCount * Page.Size)));
        _cache.Drop(new AddressRange(At + 8, At + 8));

        Assert.True(Hits(At));
    }

    [Theory]
    [InlineData(0, ulong.MaxValue)]
    [InlineData(At, At + (TranslationCache.EntryCount * 4096UL))]
    public void A_drop_of_everything_empties_every_entry(ulong start, ulong end)
    {
        for (ulong page = 0; page < TranslationCache.EntryCount; page++)
        {
            Assert.True(Fill(At + (page * Page.Size), ReadWrite));
        }

        _cache.Drop(new AddressRange(start, end));
        for (ulong page = 0; page < TranslationCache.EntryCount; page++)
        {
            Assert.False(Hits(At + (page * Page.Size)));
        }
    }

    [Fact]
    public void A_drop_reaches_the_last_page_of_the_64_bit_range()
    {
        const ulong Last = 0xffff_ffff_ffff_f000;
        Fill(Last, ReadWrite);
        _cache.Drop(new AddressRange(Last, ulong.MaxValue));

        Assert.False(Hits(Last));
    }

    [Fact]
    public void A_fill_that_a_drop_overtook_leaves_nothing()
    {
        Fill(At, ReadWrite);
        long sequence = _cache.Sequence;
        _cache.Drop(AddressRange.PageAt(0));
        Assert.Equal(sequence + 1, _cache.Sequence);

        Assert.False(_cache.Fill(At, ReadWrite, Target, sequence));
        Assert.False(Hits(At));
        Assert.True(_cache.Fill(At, ReadWrite, Target, _cache.Sequence));
        Assert.True(Hits(At));
    }

    [Fact]
    public void A_flush_waits_for_the_access_in_flight()
    {
        bool flushed = false;
        var started = new WakeEvent();
        Fill(At, ReadWrite);
        _cache.BeginAccess();
        SvmThread flusher = SvmThread.Start("flusher", () =>
        {
            _cache.Drop(AddressRange.PageAt(At));
            AccessBarrier.Pass();
            started.Set();
            _cache.WaitForAccessInFlight();
            Volatile.Write(ref flushed, true);
        });
        Assert.True(started.Wait(Clock.Monotonic.After(TimeSpan.FromSeconds(10))));
        var spin = default(Spin);
        for (int look = 0; look < 200; look++)
        {
            spin.Once();
            Assert.False(Volatile.Read(ref flushed));
        }

        Assert.Equal(0, _cache.CompletedAccesses);
        _cache.EndAccess();
        flusher.Join();
        Assert.True(flushed);
        Assert.Equal(1, _cache.CompletedAccesses);
        _cache.WaitForAccessInFlight();
    }

    [Fact]
    public void Accesses_neither_nest_nor_end_twice()
    {
        Assert.Throws<InvariantException>(_cache.EndAccess);
        _cache.BeginAccess();
        Assert.Throws<InvariantException>(_cache.BeginAccess);
        _cache.EndAccess();
        Assert.Equal(1, _cache.CompletedAccesses);
    }

    private bool Fill(ulong address, TranslationRights rights) => _cache.Fill(address, rights, Target, _cache.Sequence);

    private bool Hits(ulong address, TranslationRights rights = TranslationRights.Read)
    {
        bool hit = _cache.TryTranslate(address, rights, 8, out ulong target);
        Assert.True(!hit || target == Target);
        return hit;
    }
}
