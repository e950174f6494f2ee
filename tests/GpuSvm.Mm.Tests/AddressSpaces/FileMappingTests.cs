namespace GpuSvm.Mm.Tests;

/// <summary>Real files, mapped private and shared.</summary>
public sealed class FileMappingTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_mapping_reads_the_bytes_of_the_file_and_zeros_behind_its_end()
    {
        using var file = TemporaryFile.OfPages(4096 + 100);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        Map(m, cache, MapSharing.Private, Protection.Read);
        Assert.Equal((1, 1, 2, 0), (Byte(m, 0), Byte(m, 4095), Byte(m, 4096 + 99), Byte(m, 4096 + 100)));
        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base + (2 * Size), CpuAccess.Read));
        Assert.Equal((2L, 2), (m.Frames.AllocatedFrames, cache.CachedPages));
    }

    [Fact]
    public void A_private_mapping_reads_the_pages_of_the_cache_and_copies_what_it_writes()
    {
        using var file = TemporaryFile.OfPages(8192);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        Map(m, cache, MapSharing.Private, Protection.ReadWrite);
        Map(m, cache, MapSharing.Shared, Protection.Read, 0x20000);
        Assert.Equal(1, Byte(m, 0));
        Assert.Equal(1, m.Thread.Load<byte>(0x20000));
        Assert.Equal(m.Mm.PageTable.Read(Base).Frame, m.Mm.PageTable.Read(0x20000).Frame);
        Assert.Equal(Protection.Read, m.Mm.PageTable.Read(Base).Rights);
        m.Thread.Store(Base, (byte)9);
        Assert.Equal((9, 1, 1), (Byte(m, 0), Byte(m, 1), m.Thread.Load<byte>(0x20000)));
        Assert.Equal(Errno.None, m.Mm.Sync(Base, 2 * Size));
        Assert.Equal((1, 2L, 1), (file.Bytes[0], m.Frames.AllocatedFrames, cache.CachedPages));
    }

    [Fact]
    public void Sync_writes_back_exactly_the_pages_that_were_written()
    {
        using var file = TemporaryFile.OfPages(3 * 4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        Assert.Equal((1, 2, 3), (Byte(m, 0), Byte(m, 4096), Byte(m, 8192)));
        Assert.Equal(Protection.Read, m.Mm.PageTable.Read(Base).Rights);
        Assert.Equal((Errno.None, 0), (cache.Sync(0, 3, out int none), none));
        m.Thread.Store(Base + Size, (byte)77);
        Assert.Equal(2, file.Bytes[4096]);
        Assert.Equal((Errno.None, 1), (cache.Sync(0, 3, out int one), one));
        Assert.Equal((1, 77, 2, 3), (file.Bytes[0], file.Bytes[4096], file.Bytes[4097], file.Bytes[8192]));
        Assert.Equal((Errno.None, 0), (cache.Sync(0, 3, out none), none));
        m.Thread.Store(Base + Size + 1, (byte)78);
        Assert.Equal(Errno.None, m.Mm.Sync(Base, 3 * Size));
        Assert.Equal((77, 78), (file.Bytes[4096], file.Bytes[4097]));
    }

    [Fact]
    public void Sync_takes_write_access_in_every_address_space_inside_an_invalidation()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        TestProcess other = m.Start();
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        other.Empty().MapCache(0x30000UL, Size, Protection.ReadWrite, MapPlacement.Fixed, new CacheSource(cache, MapSharing.Shared), out _);
        m.Thread.Load<byte>(Base);
        var log = new RecordingPlainNotifier("other", []);
        other.Mm!.Notifiers.AddPlain(log);
        other.Thread.Store(0x30000, (byte)50);
        Assert.Equal(Errno.None, m.Mm.Sync(Base, 4096));
        Assert.Equal(["other start [0x30000, 0x31000) ProtectionPage", "other end [0x30000, 0x31000) ProtectionPage"], log.Log);
        Assert.Equal(50, file.Bytes[0]);
        Assert.Equal(Protection.Read, other.Mm.PageTable.Read(0x30000).Rights);
        other.Thread.Store(0x30000, (byte)51);
        Assert.Equal((Errno.None, 1), (cache.Sync(0, 1, out int written), written));
        Assert.Equal(51, file.Bytes[0]);
        other.Mm.Notifiers.RemovePlain(log);
    }

    [Fact]
    public void Dirty_pages_reach_the_file_when_the_cache_is_disposed_and_no_mapping_is_left()
    {
        using var file = TemporaryFile.OfPages(4096 + 10);
        using var m = new TestMachine();
        var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        m.Thread.Store(Base + Size + 9, (byte)90);
        m.Thread.Store(Base + Size + 10, (byte)91);
        cache.Dispose();
        Assert.Equal(2, file.Bytes[^1]);
        m.Unmap(Base, 4);
        Assert.Equal((4106, 90, 0L), (file.Bytes.Length, file.Bytes[^1], m.Frames.AllocatedFrames));
    }

    [Fact]
    public void What_was_unmapped_is_still_dirty()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)60);
        m.Unmap(Base, 4);
        Assert.Equal((Errno.None, 1, 60), (cache.Sync(0, ulong.MaxValue, out int written), written, file.Bytes[0]));
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)61);
        m.Mm.Sync(Base, Size);
        m.Unmap(Base, 4);
        Assert.Equal((Errno.None, 0, 61), (cache.Sync(0, 1, out written), written, file.Bytes[0]));
    }

    [Fact]
    public void A_file_opened_for_reading_can_be_shared_for_reading_only()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        Assert.Equal(Errno.EACCES, TryMap(m, cache, MapSharing.Shared, Protection.ReadWrite));
        Assert.Equal(Errno.None, TryMap(m, cache, MapSharing.Shared, Protection.Read));
        Assert.Equal(Errno.EACCES, m.Protect(Base, 1, Protection.ReadWrite));
        Assert.Equal("10000-14000 R", m.Vmas());
        Assert.Equal(Errno.None, m.Protect(Base, 1, Protection.None));
        Assert.Equal(Errno.None, TryMap(m, cache, MapSharing.Private, Protection.ReadWrite));
        m.Thread.Store(Base, 1);
    }

    [Fact]
    public void Sync_of_what_is_not_mapped_is_an_error_and_writes_nothing()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, MapSharing.Shared, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)60);
        Assert.Equal(Errno.EINVAL, m.Mm.Sync(Base + 1, Size));
        Assert.Equal(Errno.ENOMEM, m.Mm.Sync(Base, 5 * Size));
        Assert.Equal(Errno.ENOMEM, m.Mm.Sync(Base, ulong.MaxValue));
        Assert.Equal(Errno.None, m.Mm.Sync(Base, 0));
        Assert.Equal(1, file.Bytes[0]);
    }

    [Fact]
    public void A_file_must_be_there_and_readable()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        Assert.Throws<ArgumentException>(() => FileCache.Open(m.Frames, file.Path, FileAccess.Write));
        Assert.Throws<FileNotFoundException>(() => FileCache.Open(m.Frames, file.Path + "x", FileAccess.Read));
    }

    private static void Map(TestMachine m, PageCache cache, MapSharing sharing, Protection protection, ulong address = Base) =>
        Assert.Equal(Errno.None, TryMap(m, cache, sharing, protection, address));

    private static Errno TryMap(TestMachine m, PageCache cache, MapSharing sharing, Protection protection, ulong address = Base) =>
        m.Mm.MapCache(address, 4 * Size, protection, MapPlacement.Fixed, new CacheSource(cache, sharing), out _);

    private static byte Byte(TestMachine m, ulong offset) => m.Thread.Load<byte>(Base + offset);
}
