namespace GpuSvm.Mm.Tests;

public sealed class MemoryObjectTests : IDisposable
{
    private readonly SystemMemory _memory = new(64);

    public void Dispose() => _memory.Dispose();

    [Fact]
    public void Pooled_frames_and_those_of_objects_are_apart()
    {
        using PageFrames frames = Frames(new PageFramesOptions { PooledFrames = 16 });
        for (int i = 0; i < 15; i++)
        {
            Assert.Equal(Errno.None, frames.TryAllocate(out FrameNumber frame));
            Assert.InRange(frame.Value, 0UL, 15UL);
        }

        Assert.Equal(Errno.ENOMEM, frames.TryAllocate(out _));
        Assert.Equal(Errno.None, frames.TryReserve(48, out MemoryObject? all));
        Assert.Equal((16UL, 48UL, 0UL, "pfn:0x10+48"), (all!.FirstFrame.Value, all.PageCount, all.MappedPages, all.ToString()));
        Assert.Equal(Errno.ENOMEM, frames.TryReserve(1, out MemoryObject? none));
        Assert.Null(none);
        frames.Release(all);
        Assert.Equal(Errno.None, frames.TryReserve(1, out _));
    }

    [Fact]
    public void By_default_no_frame_is_left_for_objects()
    {
        using PageFrames frames = Frames(new PageFramesOptions());
        Assert.Equal(Errno.ENOMEM, frames.TryReserve(1, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => frames.TryReserve(0, out _));
        Assert.Throws<ArgumentOutOfRangeException>(() => Frames(new PageFramesOptions { PooledFrames = 65 }));
    }

    [Fact]
    public void A_frame_that_is_taken_reads_as_zero_and_one_that_is_freed_is_left_alone()
    {
        using PageFrames frames = Frames(new PageFramesOptions { PooledFrames = 1 });
        Assert.Equal(Errno.None, frames.TryReserve(4, out MemoryObject? memory));
        FrameNumber frame = memory!.FirstFrame + 2;
        _memory.Frame(frame)[4095] = 1;
        Assert.Equal(Errno.None, frames.TryTake(frame));
        Assert.Equal(-1, _memory.Frame(frame).IndexOfAnyExcept((byte)0));
        Assert.Equal((1, 1L), (frames.ReferenceCount(frame), frames.AllocatedFrames));

        _memory.Frame(frame).Fill(8);
        frames.Put(frame);
        Assert.Equal(-1, _memory.Frame(frame).IndexOfAnyExcept((byte)8));
        Assert.Equal((0, 0L), (frames.ReferenceCount(frame), frames.AllocatedFrames));
        Assert.Equal(Errno.ENOMEM, frames.TryAllocate(out _));
    }

    [Fact]
    public void The_limit_and_the_gate_count_both_kinds()
    {
        int calls = 0;
        using PageFrames frames = Frames(new PageFramesOptions { PooledFrames = 8, LimitFrames = 2, AllocationGate = () => ++calls != 1 });
        Assert.Equal(Errno.None, frames.TryReserve(4, out MemoryObject? memory));
        Assert.Equal(Errno.ENOMEM, frames.TryTake(memory!.FirstFrame));
        Assert.Equal(Errno.None, frames.TryTake(memory.FirstFrame));
        Assert.Equal(Errno.None, frames.TryAllocate(out FrameNumber pooled));
        Assert.Equal(Errno.ENOMEM, frames.TryTake(memory.FirstFrame + 1));
        Assert.Equal((4, 2L, 0), (calls, frames.AllocatedFrames, frames.ReferenceCount(memory.FirstFrame + 1)));
        frames.Put(pooled);
        Assert.Equal(Errno.None, frames.TryTake(memory.FirstFrame + 1));
    }

    [Fact]
    public void Only_free_frames_of_objects_are_taken_by_number()
    {
        using PageFrames frames = Frames(new PageFramesOptions { PooledFrames = 8 });
        Assert.Equal(Errno.None, frames.TryReserve(1, out MemoryObject? memory));
        Assert.Throws<InvariantException>(() => frames.TryTake(new FrameNumber(7)));
        Assert.Equal(Errno.None, frames.TryTake(memory!.FirstFrame));
        Assert.Throws<InvariantException>(() => frames.TryTake(memory.FirstFrame));
    }

    [Fact]
    public void An_object_is_released_once_and_where_it_was_reserved()
    {
        using PageFrames frames = Frames(new PageFramesOptions { PooledFrames = 1 });
        using PageFrames other = Frames(new PageFramesOptions { PooledFrames = 1 });
        Assert.Equal(Errno.None, frames.TryReserve(2, out MemoryObject? memory));
        Assert.Throws<ArgumentException>(() => other.Release(memory!));
        frames.Release(memory!);
        Assert.Throws<ArgumentException>(() => frames.Release(memory!));
        Assert.Equal(Errno.None, frames.TryReserve(63, out _));
    }

    private PageFrames Frames(PageFramesOptions options) => new(_memory, options);
}
