using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Programs.Adopted;

/// <summary>Children see the values of the moment at which they were forked, while adopted pages move to and fro: <c>adopted-forks SECONDS</c>.</summary>
internal sealed unsafe class AdoptedForks : ILiveProgram
{
    private const int Pages = 32;
    private const int Threads = 32;
    private const int Rounds = 20;

    /// <summary>A word that neither the kernel nor its atomics use.</summary>
    private const int OwnWord = 700;

    /// <inheritdoc/>
    public string Name => "adopted-forks";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        Deadline end = Clock.Monotonic.After(TimeSpan.FromSeconds(double.Parse(args[0], System.Globalization.CultureInfo.InvariantCulture)));
        SvmSession svm = SvmSession.OpenAsync(EngineFixture.Moving(ExecutionMode.Parallel)).GetAwaiter().GetResult();
        if (!svm.Features.Contains("EVENT_FORK"))
        {
            output.WriteLine("no fork events");
            svm.DisposeAsync().AsTask().GetAwaiter().GetResult();
            return Task.CompletedTask;
        }

        int* words = (int*)NativeMemory.AlignedAlloc(Pages * 4096, 4096);
        new Span<int>(words, Pages * 1024).Clear();
        using AdoptedMemory adopted = svm.Adopt((ulong)words, Pages * 4096);
        bool isStopping = false;
        SvmThread launcher = SvmThread.Start("launcher", () =>
        {
            while (!Volatile.Read(ref isStopping))
            {
                svm.LaunchAsync(AdoptedKernels.Count, 1, Threads, new CountArgs((ulong)words, Pages, Rounds)).GetAwaiter().GetResult().ThrowIfFailed();
            }
        });
        int sink = 0;
        SvmThread toucher = SvmThread.Start("toucher", () =>
        {
            for (int page = 0; !Volatile.Read(ref isStopping); page = (page + 5) % Pages)
            {
                sink = Volatile.Read(ref words[page * 1024]);
            }
        });
        int forks = 0;
        for (; forks == 0 || !end.HasPassed; forks++)
        {
            Store(words, forks + 1);
            int child = ForkedChild.Start(Steps(words, forks + 1));
            Store(words, -forks - 1);
            Check.Equal(0, ForkedChild.End(child), $"end of child {forks}");
            Check.Equal(-forks - 1, words[OwnWord], "the app's word");
        }

        Volatile.Write(ref isStopping, true);
        launcher.Join();
        toucher.Join();
        output.WriteLine($"{forks} forks");
        adopted.Dispose();
        svm.DisposeAsync().AsTask().GetAwaiter().GetResult();
        return Task.CompletedTask;
    }

    private static void Store(int* words, int value)
    {
        for (int page = 0; page < Pages; page++)
        {
            words[(page * 1024) + OwnWord] = value;
        }
    }

    private static ChildStep[] Steps(int* words, int value) =>
    [
        .. Enumerable.Range(0, Pages).Select(page => new ChildStep(ChildAction.Expect, (ulong)(words + (page * 1024) + OwnWord), value)),
        .. Enumerable.Range(0, Pages).Select(page => new ChildStep(ChildAction.Store, (ulong)(words + (page * 1024) + OwnWord), 7)),
    ];
}
