using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Core.Tests.Memory;

/// <summary>Frames whose bytes are a memory file's, with real files.</summary>
public sealed class PlacedFileTests : IDisposable
{
    private readonly string _name = $"gpusvm-test-{Guid.NewGuid():N}";
    private readonly SystemMemory _memory = new(8);
    private readonly SystemMemory _other = new(4);
    private readonly SafeFileHandle _file;

    public PlacedFileTests()
    {
        _file = new SafeFileHandle(CreateMemoryFile(Encoding.ASCII.GetBytes(_name + "\0"), 1), ownsHandle: true);
        Assert.False(_file.IsInvalid);
        RandomAccess.SetLength(_file, 4 * 4096);
    }

    public void Dispose()
    {
        _file.Dispose();
        _memory.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void All_mappings_of_a_file_share_its_bytes_page_for_page()
    {
        _memory.Frame(new FrameNumber(1)).Fill(9);
        _memory.Frame(new FrameNumber(6)).Fill(9);
        _memory.Place(new FrameNumber(2), 4, _file);
        _other.Place(new FrameNumber(0), 4, _file);
        for (ulong page = 0; page < 4; page++)
        {
            _memory.Frame(new FrameNumber(2 + page)).Fill((byte)(page + 1));
        }

        Assert.Equal(new byte[] { 1, 2, 3, 4 }, Firsts(_other, 0, 4));
        Assert.Equal(new byte[] { 9, 1, 2, 3, 4, 9 }, Firsts(_memory, 1, 6));
        byte[] one = new byte[1];
        Assert.Equal(1, RandomAccess.Read(_file, one, 3 * 4096));
        Assert.Equal(4, one[0]);
    }

    [Fact]
    public void A_hole_reads_as_zero_in_every_mapping_and_no_other_page_does()
    {
        _memory.Place(new FrameNumber(2), 4, _file);
        _other.Place(new FrameNumber(0), 4, _file);
        for (ulong page = 0; page < 4; page++)
        {
            _memory.Frame(new FrameNumber(2 + page)).Fill(7);
        }

        _memory.Punch(new FrameNumber(3), 2);
        Assert.Equal(new byte[] { 7, 0, 0, 7 }, Firsts(_other, 0, 4));
        Assert.Equal(new byte[] { 7, 0, 0, 7 }, Firsts(_memory, 2, 4));
        _memory.Punch(new FrameNumber(2), 0);
        Assert.Equal(7, _other.Frame(new FrameNumber(0))[0]);
    }

    [Fact]
    public void Withdrawn_frames_have_zeros_of_their_own_and_the_file_keeps_its_bytes()
    {
        _memory.Place(new FrameNumber(2), 4, _file);
        _other.Place(new FrameNumber(0), 4, _file);
        _other.Frame(new FrameNumber(0)).Fill(5);
        _other.Frame(new FrameNumber(3)).Fill(6);
        _memory.Withdraw(new FrameNumber(2), 3);
        Assert.Equal(new byte[] { 0, 0, 0, 6 }, Firsts(_memory, 2, 4));

        _memory.Frame(new FrameNumber(2)).Fill(1);
        Assert.Equal(new byte[] { 5, 0, 0, 6 }, Firsts(_other, 0, 4));
        Assert.Equal(Errno.EINVAL, Assert.Throws<SvmException>(() => _memory.Punch(new FrameNumber(2), 1)).Error);
    }

    [Fact]
    public void A_page_that_gets_no_memory_is_refused_where_a_touch_would_end_the_process()
    {
        _memory.Place(new FrameNumber(0), 4, _file);
        Assert.Equal(Errno.None, _memory.TryPopulate(new FrameNumber(3)));
        RandomAccess.SetLength(_file, 4096);
        Assert.Equal(Errno.None, _memory.TryPopulate(new FrameNumber(0)));
        Assert.Equal(Errno.EFAULT, _memory.TryPopulate(new FrameNumber(1)));
    }

    [Fact]
    public void Discarding_placed_frames_keeps_the_bytes()
    {
        _memory.Place(new FrameNumber(0), 1, _file);
        _memory.Frame(new FrameNumber(0)).Fill(3);
        _memory.Discard(new FrameNumber(0));
        Assert.Equal(3, _memory.Frame(new FrameNumber(0))[0]);
    }

    [Theory]
    [InlineData(8, 1)]
    [InlineData(5, 4)]
    [InlineData(0, 1UL << 52)]
    [InlineData(ulong.MaxValue, ulong.MaxValue)]
    public void Frames_that_are_not_there_are_refused(ulong first, ulong count)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Place(new FrameNumber(first), count, _file));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Withdraw(new FrameNumber(first), count));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Punch(new FrameNumber(first), count));
    }

    [Fact]
    public void Misuse_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Place(new FrameNumber(0), 0, _file));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Withdraw(new FrameNumber(0), 0));
        Assert.Equal("file", Assert.Throws<ArgumentException>(() => _memory.Place(new FrameNumber(0), 5, _file)).ParamName);
    }

    [Fact]
    public void Once_disposed_no_mapping_of_the_file_is_left()
    {
        _memory.Place(new FrameNumber(2), 4, _file);
        Assert.Equal(1, Mappings());
        _memory.Dispose();
        Assert.Equal(0, Mappings());
        Assert.Throws<ObjectDisposedException>(() => _memory.Place(new FrameNumber(2), 4, _file));
        Assert.Throws<ObjectDisposedException>(() => _memory.Withdraw(new FrameNumber(2), 4));
        Assert.Throws<ObjectDisposedException>(() => _memory.Punch(new FrameNumber(2), 4));
    }

    private int Mappings() => File.ReadLines("/proc/self/maps").Count(line => line.Contains(_name, StringComparison.Ordinal));

    private static byte[] Firsts(SystemMemory memory, ulong first, int count) =>
        [.. Enumerable.Range(0, count).Select(i => memory.Frame(new FrameNumber(first + (ulong)i))[11])];

    [DllImport("libc", EntryPoint = "memfd_create", SetLastError = true)]
    private static extern nint CreateMemoryFile(byte[] name, uint flags);
}
