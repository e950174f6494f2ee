namespace GpuSvm.Mm.Tests;

public sealed class PageFramesTests
{
    [Fact]
    public void Every_frame_but_the_zero_page_is_handed_out_once()
    {
        using var memory = new SystemMemory(3000);
        using var frames = new PageFrames(memory, new PageFramesOptions { Seed = 5 });
        HashSet<FrameNumber> seen = [frames.ZeroFrame];
        for (int i = 0; i < 2999; i++)
        {
            Assert.Equal(Errno.None, frames.TryAllocate(out FrameNumber frame));
            Assert.True(seen.Add(frame));
        }

        Assert.Equal((3000, 2999L), (seen.Count, frames.AllocatedFrames));
        Assert.Equal(Errno.ENOMEM, frames.TryAllocate(out _));
        Assert.All(seen, frame => Assert.InRange(frame.Value, 0UL, 2999UL));
    }

    [Fact]
    public void The_order_follows_from_the_seed_and_is_not_that_of_addresses()
    {
        Assert.Equal(Order(1), Order(1));
        Assert.NotEqual(Order(1), Order(2));
        ulong[] order = Order(1);
        int ascending = order.Zip(order.Skip(1)).Count(pair => pair.Second == pair.First + 1);
        Assert.InRange(ascending, 0, 20);
        Assert.InRange(order.Max(), 0UL, 1023UL);
    }

    [Fact]
    public void A_frame_that_comes_back_is_used_before_a_fresh_one_and_reads_as_zero()
    {
        using var memory = new SystemMemory(2048);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        FrameNumber[] first = [.. Enumerable.Range(0, 100).Select(_ => Allocate(frames))];
        foreach (FrameNumber frame in first)
        {
            memory.Frame(frame).Fill(1);
            frames.Put(frame);
            Assert.Equal(-1, memory.Frame(frame).IndexOfAnyExcept(PageFrames.Poison));
        }

        FrameNumber[] second = [.. Enumerable.Range(0, 100).Select(_ => Allocate(frames))];
        Assert.Equal(first.OrderBy(f => f.Value), second.OrderBy(f => f.Value));
        Assert.NotEqual(first, second);
        Assert.All(second, frame => Assert.Equal(-1, memory.Frame(frame).IndexOfAnyExcept((byte)0)));
    }

    [Fact]
    public void Frames_that_nobody_wrote_are_not_written_when_they_are_freed()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        FrameNumber frame = Allocate(frames);
        frames.Put(frame);
        Assert.Equal(-1, memory.Frame(frame).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void The_last_reference_frees_a_frame_and_the_zero_page_has_none_to_lose()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        FrameNumber frame = Allocate(frames);
        frames.Get(frame);
        Assert.Equal(2, frames.ReferenceCount(frame));
        frames.Put(frame);
        Assert.Equal((1, 1L), (frames.ReferenceCount(frame), frames.AllocatedFrames));
        frames.Put(frame);
        Assert.Equal((0, 0L), (frames.ReferenceCount(frame), frames.AllocatedFrames));
        Assert.Throws<InvariantException>(() => frames.Put(frame));
        Assert.Throws<InvariantException>(() => frames.Get(FreeFrame(frames)));

        frames.Put(frames.ZeroFrame);
        frames.Get(frames.ZeroFrame);
        Assert.Equal((1, 0L), (frames.ReferenceCount(frames.ZeroFrame), frames.AllocatedFrames));
    }

    [Fact]
    public void The_limit_counts_frames_in_use()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions { LimitFrames = 2 });
        FrameNumber a = Allocate(frames);
        Allocate(frames);
        Assert.Equal(Errno.ENOMEM, frames.TryAllocate(out _));
        frames.Put(a);
        Allocate(frames);
        Assert.Equal(2, frames.AllocatedFrames);
        Assert.Throws<ArgumentOutOfRangeException>(() => new PageFrames(memory, new PageFramesOptions { LimitFrames = 64 }));
    }

    [Fact]
    public void The_gate_fails_the_allocation_that_it_refuses_and_no_other()
    {
        int calls = 0;
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions { AllocationGate = () => ++calls != 2 });
        Assert.Equal(
            [Errno.None, Errno.ENOMEM, Errno.None],
            Enumerable.Range(0, 3).Select(_ => frames.TryAllocate(out FrameNumber _)));
        Assert.Equal(2, frames.AllocatedFrames);
    }

    [Fact]
    public void A_page_lock_keeps_others_out_until_it_is_released()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        FrameNumber frame = Allocate(frames);
        long counter = 0;
        SvmThread[] threads =
        [
            .. Enumerable.Range(0, 4).Select(i => SvmThread.Start($"locker {i}", () =>
            {
                for (int round = 0; round < 5000; round++)
                {
                    frames.Lock(frame);
                    long seen = counter;
                    Thread.SpinWait(20);
                    counter = seen + 1;
                    frames.Unlock(frame);
                }
            })),
        ];
        Array.ForEach(threads, thread => thread.Join());
        Assert.Equal((20000L, false), (counter, frames.IsLocked(frame)));
        frames.Put(frame);
    }

    [Fact]
    public void A_second_page_lock_is_only_tried_for()
    {
        using var memory = new SystemMemory(64);
        using var frames = new PageFrames(memory, new PageFramesOptions());
        FrameNumber a = Allocate(frames);
        FrameNumber b = Allocate(frames);
        frames.Lock(a);
        Assert.Throws<InvariantException>(() => frames.Lock(b));
        Assert.True(frames.TryLock(b));
        Assert.False(frames.TryLock(a));
        frames.Unlock(b);
        frames.Unlock(a);
        Assert.Throws<InvariantException>(() => frames.Unlock(a));
        Assert.Equal(0, HeldLocks.Count);
    }

    private static FrameNumber Allocate(PageFrames frames)
    {
        Assert.Equal(Errno.None, frames.TryAllocate(out FrameNumber frame));
        return frame;
    }

    private static FrameNumber FreeFrame(PageFrames frames)
    {
        FrameNumber frame = Allocate(frames);
        frames.Put(frame);
        return frame;
    }

    private static ulong[] Order(ulong seed)
    {
        using var memory = new SystemMemory(4096);
        using var frames = new PageFrames(memory, new PageFramesOptions { Seed = seed });
        return [.. Enumerable.Range(0, 1000).Select(_ => Allocate(frames).Value)];
    }
}
