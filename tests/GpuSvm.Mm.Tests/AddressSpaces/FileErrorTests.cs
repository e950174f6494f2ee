namespace GpuSvm.Mm.Tests;

/// <summary>Files that fail, are cut, or go away while they are mapped.</summary>
public sealed class FileErrorTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void A_page_that_cannot_be_read_ends_its_access_and_comes_when_the_file_works_again()
    {
        using var file = TemporaryFile.OfPages(8192);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, Protection.ReadWrite);
        using var disk = new FailingFile(file.Path);
        Assert.Equal(1, m.Thread.Load<byte>(Base));

        disk.FailReads(file.Path);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => m.Thread.Load<byte>(Base + Size)).Error);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => m.Thread.Store(Base + Size, (byte)7)).Error);
        Assert.Equal(Errno.EFAULT, m.Mm.Advise(Base, 2 * Size, Advice.PopulateRead));
        Assert.Equal((1, 1L, 1), (cache.CachedPages, m.Frames.AllocatedFrames, m.Thread.Load<byte>(Base)));
        Assert.True(m.Mm.PageTable.Read(Base + Size).IsNone);

        disk.Heal();
        Assert.Equal((2, 2), (m.Thread.Load<byte>(Base + Size), cache.CachedPages));
        Assert.Equal([1, 2], file.Bytes.Chunk(4096).Select(page => (int)page[0]));
    }

    [Fact]
    public void A_private_mapping_whose_file_cannot_be_read_is_not_written_either()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        var source = new CacheSource(cache, MapSharing.Private);
        Assert.Equal(Errno.None, m.Mm.MapCache(Base, Size, Protection.ReadWrite, MapPlacement.Fixed, source, out _));
        using var disk = new FailingFile(file.Path);
        disk.FailReads(file.Path);
        Assert.Equal(Errno.EIO, Assert.Throws<SvmException>(() => m.Thread.Store(Base, (byte)7)).Error);
        Assert.Equal((0, 0L), (cache.CachedPages, m.Frames.AllocatedFrames));
        disk.Heal();
        m.Thread.Store(Base, (byte)7);
        Assert.Equal((7, 1), (m.Thread.Load<byte>(Base), m.Thread.Load<byte>(Base + 1)));
    }

    [Fact]
    public void A_device_that_wants_a_page_which_cannot_be_read_gets_EFAULT()
    {
        using var file = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        Map(m, cache, Protection.Read);
        using var disk = new FailingFile(file.Path);
        disk.FailReads(file.Path);
        var notifier = new IntervalNotifier(new RecordingMirror("device"));
        Assert.Equal(Errno.None, m.Mm.Notifiers.Insert(notifier, AddressRange.PageAt(Base)));
        Assert.True(notifier.TryReadBegin(m.Mm.Clock.After(Deadline.Default), out long sequence));
        HmmPfn[] pfns = [default];
        var range = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(Base),
            Pfns = pfns,
            DefaultFlags = HmmPfn.RequestFault,
        };
        using (m.Mm.MmapLock.EnterShared())
        {
            Assert.Equal((Errno.EFAULT, default), (HmmRangeFault.Fault(m.Mm, ref range), pfns[0]));
        }

        m.Mm.Notifiers.Remove(notifier);
    }

    [Fact]
    public void What_a_file_does_not_take_stays_dirty_and_reaches_it_by_the_next_sync()
    {
        using var file = TemporaryFile.OfPages(8192);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)70);
        m.Thread.Store(Base + Size, (byte)71);
        using var disk = new FailingFile(file.Path);

        disk.FailWrites(file.Path);
        Assert.Equal((Errno.EIO, 0), (cache.Sync(0, 2, out int written), written));
        Assert.Equal(Errno.EIO, m.Mm.Sync(Base, 2 * Size));
        Assert.Equal((1, 2), (file.Bytes[0], file.Bytes[4096]));
        m.Thread.Store(Base + 1, (byte)72);
        Assert.Equal((70, 72, 71), (m.Thread.Load<byte>(Base), m.Thread.Load<byte>(Base + 1), m.Thread.Load<byte>(Base + Size)));

        disk.Heal();
        Assert.Equal((Errno.None, 2), (cache.Sync(0, 2, out written), written));
        Assert.Equal((70, 72, 71), (file.Bytes[0], file.Bytes[1], file.Bytes[4096]));
        Assert.Equal((Errno.None, 0), (cache.Sync(0, 2, out written), written));
    }

    [Fact]
    public void A_sync_of_several_files_says_what_one_did_not_take_and_writes_the_others()
    {
        using var bad = TemporaryFile.OfPages(4096);
        using var good = TemporaryFile.OfPages(4096);
        using var m = new TestMachine();
        using var first = FileCache.Open(m.Frames, bad.Path, FileAccess.ReadWrite);
        using var second = FileCache.Open(m.Frames, good.Path, FileAccess.ReadWrite);
        Map(m, first, Protection.ReadWrite);
        Map(m, second, Protection.ReadWrite, Base + Size);
        m.Thread.Store(Base, (byte)70);
        m.Thread.Store(Base + Size, (byte)71);
        using var disk = new FailingFile(bad.Path);
        disk.FailWrites(bad.Path);
        Assert.Equal(Errno.EIO, m.Mm.Sync(Base, 2 * Size));
        Assert.Equal((1, 71), (bad.Bytes[0], good.Bytes[0]));
        disk.Heal();
    }

    /// <summary>The error of the system's own full device, as the runtime tells it.</summary>
    [Fact]
    public void A_full_disk_is_told_from_one_that_fails()
    {
        using var full = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write);
        Assert.Equal(Errno.ENOSPC, FileCache.ErrorOf(Assert.ThrowsAny<IOException>(() => RandomAccess.Write(full, new byte[1], 0))));
        Assert.Equal(Errno.EIO, FileCache.ErrorOf(new UnauthorizedAccessException()));
    }

    [Fact]
    public void Pages_behind_the_end_of_a_file_that_was_cut_fault_unless_they_were_touched_and_the_file_stays_cut()
    {
        using var file = TemporaryFile.OfPages(3 * 4096);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        Map(m, cache, Protection.ReadWrite);
        m.Thread.Store(Base, (byte)70);
        m.Thread.Store(Base + 100, (byte)71);
        m.Thread.Store(Base + Size, (byte)72);
        Cut(file, 50);

        Assert.Equal(Errno.EFAULT, m.Mm.HandleFault(Base + (2 * Size), CpuAccess.Read));
        Assert.Equal((2, 2L), (cache.CachedPages, m.Frames.AllocatedFrames));
        Assert.Equal(Errno.None, m.Mm.Sync(Base, 3 * Size));
        Assert.Equal((50, 70, 1), (file.Bytes.Length, file.Bytes[0], file.Bytes[49]));
        Assert.Equal((71, 72), (m.Thread.Load<byte>(Base + 100), m.Thread.Load<byte>(Base + Size)));
    }

    [Fact]
    public void The_part_of_a_cut_files_last_page_behind_its_end_reads_as_zero()
    {
        using var file = TemporaryFile.OfPages(8192);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        Map(m, cache, Protection.Read);
        Cut(file, 4096 + 10);

        Assert.Equal((2, 0), (m.Thread.Load<byte>(Base + Size + 9), m.Thread.Load<byte>(Base + Size + 10)));
    }

    [Fact]
    public void A_file_that_has_lost_its_name_is_read_and_written_as_before()
    {
        using var file = TemporaryFile.OfPages(8192);
        using var m = new TestMachine();
        using var cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        using var same = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        Map(m, cache, Protection.ReadWrite);
        File.Delete(file.Path);
        m.Thread.Store(Base + Size, (byte)70);
        Assert.Equal((1, Errno.None), (m.Thread.Load<byte>(Base), m.Mm.Sync(Base, 2 * Size)));
        byte[] bytes = new byte[2];
        Assert.Equal((2, 70, 2), (RandomAccess.Read(same, bytes, 4096), bytes[0], bytes[1]));
    }

    private static void Cut(TemporaryFile file, long length)
    {
        using var other = File.OpenHandle(file.Path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        RandomAccess.SetLength(other, length);
    }

    private static void Map(TestMachine m, FileCache cache, Protection protection, ulong address = Base)
    {
        var source = new CacheSource(cache, MapSharing.Shared);
        Assert.Equal(Errno.None, m.Mm.MapCache(address, 4 * Size, protection, MapPlacement.Fixed, source, out _));
    }
}
