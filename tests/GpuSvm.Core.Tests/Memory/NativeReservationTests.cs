using System.Globalization;

namespace GpuSvm.Core.Tests.Memory;

public sealed class NativeReservationTests
{
    private const long MiB = 1 << 20;

    [Fact]
    public void Reserving_commits_nothing()
    {
        long before = ResidentBytes();
        using var memory = new NativeReservation(ByteSize.GiB(64));
        long after = ResidentBytes();

        Assert.Equal(ByteSize.GiB(64).Bytes, memory.SizeBytes);
        Assert.InRange(after - before, -256 * MiB, 256 * MiB);
    }

    [Fact]
    public void Touching_one_page_commits_that_page_alone()
    {
        const int Places = 512;
        using var memory = new NativeReservation(ByteSize.GiB(1));
        long before = ResidentBytes();
        for (ulong place = 0; place < Places; place++)
        {
            memory.Bytes(place * ByteSize.MiB(2), 1)[0] = 1;
        }

        // With huge pages this would be the whole GiB.
        Assert.InRange(ResidentBytes() - before, -256 * MiB, 256 * MiB);
    }

    [Fact]
    public void Memory_reads_as_zero_until_written_and_again_when_discarded()
    {
        using var memory = new NativeReservation(3 * Page.Size);
        Span<byte> all = memory.Bytes(0, 3 * 4096);
        Assert.Equal(-1, all.IndexOfAnyExcept((byte)0));

        all.Fill(0xa5);
        memory.Discard(Page.Size, Page.Size);
        Assert.Equal(-1, all[..4096].IndexOfAnyExcept((byte)0xa5));
        Assert.Equal(-1, all.Slice(4096, 4096).IndexOfAnyExcept((byte)0));
        Assert.Equal(-1, all[8192..].IndexOfAnyExcept((byte)0xa5));
        memory.Discard(0, 0);
    }

    [Fact]
    public void Sizes_are_rounded_up_to_whole_pages()
    {
        using var memory = new NativeReservation(4097);
        Assert.Equal(8192UL, memory.SizeBytes);
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeReservation(0));
    }

    [Fact]
    public void Nothing_outside_is_reached()
    {
        using var memory = new NativeReservation(8192);
        Assert.Equal(0, memory.Bytes(8192, 0).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Bytes(8192, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Bytes(4096, 4097).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Bytes(ulong.MaxValue, 1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Bytes(0, -1).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.At<ulong>(1024));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.At<ulong>(ulong.MaxValue));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Discard(4096, 8192));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Discard(1, 4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => memory.Discard(0, 1));
    }

    [Fact]
    public void A_value_is_found_by_its_number()
    {
        using var memory = new NativeReservation(8192);
        memory.At<ulong>(1023) = 0x8877665544332211;

        Assert.Equal([0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88], memory.Bytes(8184, 8).ToArray());
        Assert.Equal(0UL, memory.At<ulong>(0));
    }

    [Fact]
    public void Once_disposed_nothing_is_left()
    {
        var memory = new NativeReservation(8192);
        memory.Dispose();
        memory.Dispose();

        Assert.Throws<ObjectDisposedException>(() => memory.Bytes(0, 1).Length);
        Assert.Throws<ObjectDisposedException>(() => memory.At<byte>(0));
        Assert.Throws<ObjectDisposedException>(() => memory.Discard(0, 4096));
    }

    [Fact]
    public void A_reservation_that_the_system_refuses_carries_its_error()
    {
        var failure = Assert.Throws<SvmException>(() => new NativeReservation(1UL << 62));
        Assert.Equal(Errno.ENOMEM, failure.Error);
    }

    private static long ResidentBytes() =>
        long.Parse(File.ReadAllText("/proc/self/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
}
