using System.IO.MemoryMappedFiles;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>Pages move to the GPU and home all the time, and threads check each byte: until one of the processes is killed.</summary>
/// <remarks>
/// <c>kill-target sequential|parallel FILE [ends]</c>: the file has a page for each thread, whose words are <see cref="Begun"/>,
/// <see cref="Done"/>, <see cref="Wrong"/> and <see cref="Kept"/>. With <c>ends</c> it stops at a line of input, and ends in order.
/// </remarks>
public sealed class KillTarget : ILiveProgram
{
    /// <summary>Threads of the CPU.</summary>
    public const int Threads = 4;

    /// <summary>Bytes of the file that each thread has.</summary>
    public const int Stride = 64;

    /// <summary>Touches begun; the offset in bytes.</summary>
    public const int Begun = 0;

    /// <summary>Touches that have ended.</summary>
    public const int Done = 8;

    /// <summary>Touches that found a wrong word.</summary>
    public const int Wrong = 16;

    /// <summary>What the test sets to have a thread touch a page of its own, which only the GPU has used until then.</summary>
    public const int Kept = 24;

    private const int Pages = 512;
    private const int WordsPerPage = 1024;

    /// <inheritdoc/>
    public string Name => "kill-target";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        ExecutionMode execution = args[0] == "parallel" ? ExecutionMode.Parallel : ExecutionMode.Sequential;
        SvmSession svm = await SvmSession.OpenAsync(EngineFixture.Moving(execution));
        SvmBuffer<int> buffer = svm.Allocate<int>(Pages * WordsPerPage);
        SvmBuffer<int> kept = svm.Allocate<int>(Threads * WordsPerPage);

        // The first launches take all pages to the device before anybody is told.
        await FillAsync(svm, buffer, Pages);
        await FillAsync(svm, kept, Threads);
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(args[1], FileMode.Open);
        using MemoryMappedViewAccessor counters = file.CreateViewAccessor();
        using var stop = new CancellationTokenSource();
        SvmThread[] threads = [.. Enumerable.Range(0, Threads).Select(
            i => SvmThread.Start("toucher", () => Touch(buffer, kept, counters, i, stop.Token)))];
        SvmThread launcher = SvmThread.Start("launcher", () => LaunchAsync(svm, buffer, stop.Token).GetAwaiter().GetResult());
        while (Enumerable.Range(0, Threads).Any(i => counters.ReadInt64((i * Stride) + Done) < 100))
        {
            Thread.Sleep(1);
        }

        await svm.TellAsync(output);
        if (args is [.., "ends"])
        {
            await Console.In.ReadLineAsync(CancellationToken.None);
            await stop.CancelAsync();
        }

        Array.ForEach(threads, thread => thread.Join());
        launcher.Join();
        await svm.DisposeAsync();
        Check.Equal(0, ProcessView.Children().Count, "children left");
    }

    private static async Task FillAsync(SvmSession svm, SvmBuffer<int> buffer, int pages)
    {
        for (int page = 0; page < pages; page++)
        {
            buffer.Span[(page * WordsPerPage) + 1] = ~page;
        }

        (await svm.AddAsync(buffer.Address, pages, 1)).ThrowIfFailed();
        Check.Equal(PagePlacement.DeviceMemory, (await svm.ResidencyAsync(buffer.Address)).Placement, "a page that the GPU used");
    }

    private static void Touch(SvmBuffer<int> buffer, SvmBuffer<int> kept, MemoryMappedViewAccessor counters, int thread, CancellationToken stop)
    {
        var random = new Random(thread);
        Span<long> mine = stackalloc long[Pages];
        for (long i = 1; !stop.IsCancellationRequested; i++)
        {
            int page = random.Next(Pages);
            counters.Write((thread * Stride) + Begun, i);
            ref int own = ref buffer.Span[(page * WordsPerPage) + 8 + thread];
            bool isRight = Volatile.Read(ref buffer.Span[(page * WordsPerPage) + 1]) == ~page && Volatile.Read(ref own) == mine[page];
            Volatile.Write(ref own, (int)++mine[page]);
            counters.Write((thread * Stride) + Done, i);
            if (counters.ReadInt64((thread * Stride) + Kept) != 0)
            {
                isRight &= Volatile.Read(ref kept.Span[(thread * WordsPerPage) + 1]) == ~thread;
            }

            if (!isRight)
            {
                counters.Write((thread * Stride) + Wrong, i);
            }
        }
    }

    private static async Task LaunchAsync(SvmSession svm, SvmBuffer<int> buffer, CancellationToken stop)
    {
        for (int round = 2; !stop.IsCancellationRequested; round++)
        {
            (await svm.LaunchAsync(PageKernels.Add, grid: 4, block: 32, new PageArgs(buffer.Address, Pages, 1))).ThrowIfFailed();
            int page = round % Pages;
            Check.Equal(round, buffer.Span[page * WordsPerPage], $"launches that page {page} has seen");
        }
    }
}
