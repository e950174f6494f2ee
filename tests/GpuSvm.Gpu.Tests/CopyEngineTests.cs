using GpuSvm.Telemetry;

namespace GpuSvm.Gpu.Tests;

public sealed class CopyEngineTests
{
    private static readonly Deadline Never = Clock.Monotonic.After(TimeSpan.MaxValue);

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void It_copies_both_ways_inside_video_memory_and_clears_and_counts_each(ExecutionMode mode)
    {
        using var rig = new Rig(mode);
        rig.System(0).Fill(1);
        rig.System(1).Fill(2);
        rig.Video(2).Fill(9);
        Assert.Equal(Errno.None, rig.Run(
            CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(0), 8192),
            CopyCommand.Copy(rig.VideoAt(1), rig.VideoAt(3), 4096),
            CopyCommand.Clear(rig.VideoAt(2), 4096),
            CopyCommand.Copy(rig.VideoAt(0), rig.SystemAt(3), 4096)));
        Assert.Equal([1, 2, 0, 2], Enumerable.Range(0, 4).Select(i => (int)rig.Video(i)[4095]));
        Assert.Equal([1, 2, 0, 1], Enumerable.Range(0, 4).Select(i => (int)rig.System(i)[0]));
        Assert.Equal(
            new CopyCounters { Jobs = 1, Commands = 4, BytesToVideo = 8192, BytesToSystem = 4096, BytesWithin = 4096, BytesCleared = 4096 },
            rig.Engine.Counters);
    }

    [Fact]
    public void Pieces_need_not_be_aligned_alike()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        for (int i = 0; i < 4096; i++)
        {
            rig.System(0)[i] = (byte)(i % 251);
            rig.System(1)[i] = (byte)((i + 4096) % 251);
        }

        Assert.Equal(Errno.None, rig.Run(
            CopyCommand.Copy(rig.SystemAt(0) with { Address = rig.SystemAt(0).Address + 100 }, rig.VideoAt(0) with { Address = rig.VideoAt(0).Address + 4000 }, 5000)));
        for (int i = 0; i < 5000; i++)
        {
            Assert.Equal((byte)((i + 100) % 251), rig.Video((4000 + i) / 4096)[(4000 + i) % 4096]);
        }

        Assert.Equal(0, rig.Video(0)[3999]);
        Assert.Equal(0, rig.Video(2)[4000 + 5000 - 8192]);
    }

    [Fact]
    public void Sequentially_nothing_moves_before_somebody_waits_and_fences_rise()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        rig.System(0).Fill(5);
        long first = rig.Engine.Submit([CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(0), 4096)]);
        long second = rig.Engine.Submit([CopyCommand.Copy(rig.VideoAt(0), rig.VideoAt(1), 4096)]);
        Assert.True(second > first);
        Assert.Equal(0, rig.Video(0)[0]);
        Assert.Equal(first - 1, rig.Engine.PassedFence);
        Assert.Equal(Errno.None, rig.Engine.Wait(second, Never));
        Assert.Equal(5, rig.Video(1)[0]);
        Assert.Equal(second, rig.Engine.PassedFence);
        Assert.Equal(Errno.None, rig.Engine.Wait(first, Never));
        Assert.Throws<ArgumentException>(() => rig.Engine.Wait(first, Never));
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void What_is_not_mapped_for_DMA_any_more_fails_the_job(ExecutionMode mode)
    {
        using var rig = new Rig(mode);
        CopyOperand stale = rig.SystemAt(3);
        rig.Unmap(3);
        Assert.Equal(Errno.EIO, rig.Run(CopyCommand.Copy(rig.VideoAt(0), stale, 4096)));

        // And a frame number is no device address.
        Assert.Equal(Errno.EIO, rig.Run(CopyCommand.Copy(CopyOperand.System(new DeviceAddress(rig.FrameAt(0).Address.Value)), rig.VideoAt(0), 4096)));
        Assert.Equal(new CopyCounters { Jobs = 2, FailedJobs = 2 }, rig.Engine.Counters);
    }

    [Fact]
    public void What_is_mapped_to_the_device_only_is_not_written()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        rig.Unmap(3);
        rig.Map(3, DmaDirection.ToDevice);
        Assert.Equal(Errno.EIO, rig.Run(CopyCommand.Copy(rig.VideoAt(0), rig.SystemAt(3), 4096)));
        Assert.Equal(Errno.None, rig.Run(CopyCommand.Copy(rig.SystemAt(3), rig.VideoAt(0), 4096)));
    }

    [Fact]
    public void Pages_that_the_device_finds_one_behind_the_other_are_copied_from_where_each_of_them_lies()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        FrameNumber[] frames = [new(40), new(41), new(43), new(42)];
        DeviceAddress[] addresses = rig.MapInOrder(frames);
        for (int i = 0; i < 4; i++)
        {
            rig.Frame(frames[i]).Fill((byte)(i + 1));
        }

        CopyOperand all = CopyOperand.System(addresses[0]);
        Assert.Equal(Errno.None, rig.Run(CopyCommand.Copy(all, rig.VideoAt(0), 4 * 4096)));
        Assert.Equal([1, 2, 3, 4], Enumerable.Range(0, 4).Select(i => (int)rig.Video(i)[4095]));

        // Where one of them is unmapped the command fails there, behind what lies before it.
        rig.Gpu.DmaMapper.Unmap(addresses[1], 0);
        rig.Video(0).Fill(7);
        rig.Video(1).Fill(7);
        Assert.Equal(Errno.EIO, rig.Run(CopyCommand.Copy(all, rig.VideoAt(0), 4 * 4096)));
        Assert.Equal([1, 7], Enumerable.Range(0, 2).Select(i => (int)rig.Video(i)[4095]));
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void A_command_that_fails_ends_its_job_and_no_other(ExecutionMode mode)
    {
        using var rig = new Rig(mode);
        rig.System(0).Fill(7);
        rig.Engine.FailAfter(2);
        CopyCommand[] job = [.. Enumerable.Range(0, 3).Select(i => CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(i), 4096))];
        Assert.Equal(Errno.EIO, rig.Run(job));
        Assert.Equal([7, 0, 0], Enumerable.Range(0, 3).Select(i => (int)rig.Video(i)[0]));
        Assert.Equal(Errno.None, rig.Run(job));
        Assert.Equal([7, 7, 7], Enumerable.Range(0, 3).Select(i => (int)rig.Video(i)[0]));
        Assert.Equal((2, 1, 4), (rig.Engine.Counters.Jobs, rig.Engine.Counters.FailedJobs, rig.Engine.Counters.Commands));
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void An_engine_that_does_not_answer_is_given_up_and_touches_nothing_afterwards(ExecutionMode mode)
    {
        using var rig = new Rig(mode);
        rig.System(0).Fill(7);
        rig.Engine.Halt();
        long fence = rig.Engine.Submit([CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(0), 4096)]);
        Assert.Equal(Errno.ETIMEDOUT, rig.Engine.Wait(fence, default));
        rig.Engine.Resume();
        Assert.Equal(Errno.None, rig.Run(CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(1), 4096)));
        Assert.Equal((0, 7), (rig.Video(0)[0], rig.Video(1)[0]));
        Assert.Equal((2, 1), (rig.Engine.Counters.Jobs, rig.Engine.Counters.FailedJobs));
    }

    [Fact]
    public void Commands_outside_of_video_memory_are_refused_at_once()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        ulong end = rig.Gpu.VideoMemory.SizeBytes;
        Assert.Throws<ArgumentException>(() => rig.Engine.Submit([CopyCommand.Clear(CopyOperand.Video(end - 8), 16)]));
        Assert.Throws<ArgumentException>(() => rig.Engine.Submit([CopyCommand.Clear(CopyOperand.Video(ulong.MaxValue), 2)]));
        Assert.Throws<ArgumentException>(() => rig.Engine.Submit([CopyCommand.Clear(CopyOperand.Video(0), 0)]));
        Assert.Throws<ArgumentOutOfRangeException>(() => rig.Engine.FailAfter(-1));
    }

    [Fact]
    public void Nothing_is_allocated_when_it_is_warm()
    {
        using var rig = new Rig(ExecutionMode.Sequential);
        CopyCommand[] job = [CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(0), 4096)];
        rig.Engine.Wait(rig.Engine.Submit(job), Never);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
        {
            rig.Engine.Wait(rig.Engine.Submit(job), Never);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Theory]
    [InlineData(ExecutionMode.Sequential)]
    [InlineData(ExecutionMode.Parallel)]
    public void Each_command_is_told_from_begin_to_end_with_its_fence_its_destination_and_its_direction(ExecutionMode mode)
    {
        var events = new EventStream(64);
        using var rig = new Rig(mode, events);
        CopyCommand[] commands =
        [
            CopyCommand.Copy(rig.SystemAt(0), rig.VideoAt(0), 8192),
            CopyCommand.Copy(rig.VideoAt(1), rig.VideoAt(3), 4096),
            CopyCommand.Clear(rig.VideoAt(2), 100),
            CopyCommand.Copy(rig.VideoAt(0), rig.SystemAt(3), 4096),
            CopyCommand.Copy(rig.SystemAt(0), rig.SystemAt(2), 16),
        ];
        Assert.Equal((Errno.None, Errno.None), (rig.Run(commands), rig.Run(commands[2])));

        SvmEvent[] told = Drain(events);
        string[] directions = ["ToDevice", "InDevice", "None", "ToSystem", "InSystem", "None"];
        Assert.Equal(
            commands.Append(commands[2]).SelectMany((command, i) => Enumerable.Repeat(
                $"{(i < 5 ? 1 : 2)} {command.Destination.Address} {command.Bytes} {directions[i]}", 2)),
            told.Select(at => $"{at.Id} {at.Address} {at.Bytes} {at.Direction}"));
        Assert.Equal(Enumerable.Range(0, 12).Select(i => i % 2 == 0 ? EventPhase.Begin : EventPhase.End), told.Select(at => at.Phase));
        Assert.All(told, at => Assert.Equal((EventKind.Copy, EventTrack.CopyEngine(0)), (at.Kind, at.Track)));
    }

    [Fact]
    public void A_command_that_fails_is_told_to_its_end_and_those_behind_it_are_not_told_nor_is_a_job_that_never_began()
    {
        var events = new EventStream(64);
        using var rig = new Rig(ExecutionMode.Sequential, events);
        CopyCommand[] job = [.. Enumerable.Range(0, 3).Select(i => CopyCommand.Clear(rig.VideoAt(i), 4096))];
        rig.Engine.FailAfter(2);
        Assert.Equal(Errno.EIO, rig.Run(job));
        rig.Engine.Halt();
        Assert.Equal(Errno.ETIMEDOUT, rig.Engine.Wait(rig.Engine.Submit(job), default));
        rig.Engine.Resume();

        Assert.Equal(
            [rig.VideoAt(0).Address, rig.VideoAt(0).Address, rig.VideoAt(1).Address, rig.VideoAt(1).Address], Drain(events).Select(at => at.Address));
    }

    private static SvmEvent[] Drain(EventStream events)
    {
        var told = new SvmEvent[64];
        return told[..events.Drain(told)];
    }

    /// <summary>Four pages of system memory, the first two mapped for DMA as one block, and four of video memory.</summary>
    private sealed class Rig : IDisposable
    {
        private readonly SystemMemory _memory = new(64);
        private readonly DeviceAddress[] _mapped = new DeviceAddress[4];
        private readonly ulong _video;

        public Rig(ExecutionMode mode, EventStream? events = null)
        {
            Gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1, Execution = mode, VideoMemory = ByteSize.MiB(1), Events = events });
            Assert.Equal(Errno.None, Gpu.DmaMapper.TryMap(FrameAt(0), 1, DmaDirection.Bidirectional, out _mapped[0]));
            _mapped[1] = new DeviceAddress(_mapped[0].Value + Page.Size);
            Map(2, DmaDirection.Bidirectional);
            Map(3, DmaDirection.Bidirectional);

            Assert.Equal(Errno.None, Gpu.VideoMemory.TryAllocatePages(2, out _video));
        }

        public SoftwareGpu Gpu { get; }

        public CopyEngine Engine => Gpu.CopyEngine;

        public FrameNumber FrameAt(int i) => new(8 + (ulong)i);

        public Span<byte> System(int i) => _memory.Frame(FrameAt(i));

        public Span<byte> Video(int i) => Gpu.VideoMemory.Bytes((_video + (ulong)i) << Page.Shift, (int)Page.Size);

        public CopyOperand SystemAt(int i) => CopyOperand.System(_mapped[i]);

        public CopyOperand VideoAt(int i) => CopyOperand.Video((_video + (ulong)i) << Page.Shift);

        public void Map(int i, DmaDirection direction) => Assert.Equal(Errno.None, Gpu.DmaMapper.TryMap(FrameAt(i), 0, direction, out _mapped[i]));

        public Span<byte> Frame(FrameNumber frame) => _memory.Frame(frame);

        /// <summary>Maps frames by one call, until the device finds them one behind the other: a group of addresses may end between.</summary>
        public DeviceAddress[] MapInOrder(FrameNumber[] frames)
        {
            var addresses = new DeviceAddress[frames.Length];
            for (int i = 0; i < 8; i++)
            {
                Assert.Equal(Errno.None, Gpu.DmaMapper.TryMapAll(frames, 0, DmaDirection.Bidirectional, addresses));
                if (addresses[^1].Value - addresses[0].Value == (ulong)(frames.Length - 1) * Page.Size)
                {
                    return addresses;
                }
            }

            throw new InvalidOperationException("They never lie one behind the other.");
        }

        public void Unmap(int i) => Gpu.DmaMapper.Unmap(_mapped[i], 0);

        public Errno Run(params CopyCommand[] commands) => Engine.Wait(Engine.Submit(commands), Never);

        public void Dispose()
        {
            Gpu.Dispose();
            _memory.Dispose();
        }
    }
}
