namespace GpuSvm.Core.Tests.Memory;

public sealed class SystemMemoryTests : IDisposable
{
    private readonly SystemMemory _memory = new(4);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void A_frame_is_the_bytes_at_its_physical_address()
    {
        _memory.Frame(new FrameNumber(2))[5] = 42;

        Assert.Equal(42, _memory.At(new PhysicalAddress(0x2005)));
        _memory.At(new PhysicalAddress(0x2006)) = 43;
        Assert.Equal(43, _memory.Frame(new FrameNumber(2))[6]);
        Assert.Equal(4096, _memory.Frame(new FrameNumber(3)).Length);
    }

    [Fact]
    public void There_is_nothing_behind_the_last_frame()
    {
        Assert.Equal(0, _memory.At(new PhysicalAddress(0x3fff)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.At(new PhysicalAddress(0x4000)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.At(new PhysicalAddress(ulong.MaxValue)));
        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Frame(new FrameNumber(4)).Length);
        Assert.Throws<ArgumentOutOfRangeException>(() => new SystemMemory(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SystemMemory((1UL << 40) + 1));
    }

    [Fact]
    public void Discarded_frames_read_as_zero_and_no_other_does()
    {
        for (ulong frame = 0; frame < _memory.FrameCount; frame++)
        {
            _memory.Frame(new FrameNumber(frame)).Fill(7);
        }

        _memory.Discard(new FrameNumber(1), 2);
        Assert.Equal(new byte[] { 7, 0, 0, 7 }, Enumerable.Range(0, 4).Select(i => _memory.Frame(new FrameNumber((ulong)i))[9]));
        _memory.Discard(new FrameNumber(3));
        Assert.Equal(0, _memory.Frame(new FrameNumber(3))[9]);
    }

    [Theory]
    [InlineData(4, 1)]
    [InlineData(3, 2)]
    [InlineData(1UL << 52, 1)]
    [InlineData(0, 1UL << 52)]
    [InlineData(ulong.MaxValue, ulong.MaxValue)]
    public void Frames_that_are_not_there_are_not_discarded(ulong frame, ulong count)
    {
        _memory.Frame(new FrameNumber(0)).Fill(7);

        Assert.Throws<ArgumentOutOfRangeException>(() => _memory.Discard(new FrameNumber(frame), count));
        Assert.Equal(7, _memory.Frame(new FrameNumber(0))[0]);
    }
}
