using GpuSvm.Driver.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Driver.Tests;

/// <summary>All at once, in parallel: kernels, a CPU that touches, and two who bring pages, four times as many as fit.</summary>
public sealed class OversubscriptionSoakTests(ITestOutputHelper output)
{
    private const int Pages = 256;
    private const int Limit = 64;
    private const int Block = 16;
    private const int Launches = 8;
    private const int Moves = 400;

    private int _moving = 2;

    [Fact]
    public void Nothing_is_lost_and_no_page_too_many_is_taken()
    {
        ulong seed = (ulong)Environment.TickCount64;
        output.WriteLine($"Seed {seed}.");
        var random = new SeededRandom(seed);
        var counters = new AccessCounterOptions { Granularity = ByteSize.KiB(64), Threshold = 4, Entries = 64 };
        using var d = new VideoFixture(pageLimit: Limit, counters: counters, execution: ExecutionMode.Parallel);
        d.Map(0, Pages);
        int[] touched = new int[Pages];
        RunAll(
            () => Launch(d, 0),
            () => Launch(d, Pages / 2),
            () => Move(d, random.Fork(1)),
            () => Move(d, random.Fork(2)),
            () => Touch(d, random.Fork(3), touched));

        DeviceMemoryCounters seen = d.Memory.Counters;
        output.WriteLine($"{seen}");
        for (int page = 0; page < Pages; page++)
        {
            Assert.Equal(page + 1 + (100 * Launches), d.Read(page));
            Assert.Equal(touched[page], d.Cpu.Thread(0).Load<long>(VideoFixture.At(page) + 8));
        }

        Assert.InRange(seen.PeakPages, 1, Limit);
        Assert.True(seen is { Evictions: > 0, PagesHomeByFault: > 0 }, "Pages have left for others, and for the CPU.");
    }

    private static void Launch(VideoFixture d, int first)
    {
        for (int i = 0; i < Launches; i++)
        {
            // Not atomically: pages that the GPU has for itself alone do not move.
            d.Add(first, Pages / 2, atomically: false).ThrowIfFailed();
        }
    }

    /// <summary>Brings random blocks, some for a moment in which the CPU does not get them.</summary>
    private void Move(VideoFixture d, SeededRandom random)
    {
        try
        {
            for (int i = 0; i < Moves; i++)
            {
                int first = random.Next(Pages / Block) * Block;
                Errno error = i % 4 == 0
                    ? d.Memory.MigrateToDevice(d.Mm, VideoFixture.Pages(first, Block), timeslice: TimeSpan.FromMilliseconds(1)).Error
                    : d.Bind(first, Block).Error;
                Assert.True(error is Errno.None or Errno.ENOMEM, $"Pages come or find no room: {error}.");
            }
        }
        finally
        {
            SharedWord.Add(ref _moving, -1);
        }
    }

    private void Touch(VideoFixture d, SeededRandom random, int[] touched)
    {
        CpuThread cpu = d.Cpu.Thread(0);
        while (SharedWord.Read(ref _moving) > 0)
        {
            int page = random.Next(Pages);
            VirtualAddress at = VideoFixture.At(page) + 8;
            cpu.Store(at, cpu.Load<long>(at) + 1);
            touched[page]++;
        }
    }

    private static void RunAll(params Action[] bodies)
    {
        var errors = new Exception?[bodies.Length];
        SvmThread[] threads =
        [
            .. bodies.Select((body, i) => SvmThread.Start($"soak {i}", () => errors[i] = Record.Exception(body))),
        ];
        Array.ForEach(threads, thread => thread.Join());
        Assert.All(errors, error => Assert.True(error is null, $"{error}"));
    }
}
