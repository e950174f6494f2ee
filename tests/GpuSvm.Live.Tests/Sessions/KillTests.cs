using System.Diagnostics;
using System.IO.MemoryMappedFiles;
using GpuSvm.Live.Programs.Faults;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Live.Tests.Sessions;

/// <summary>One of the processes is killed while faults of the CPU wait, a launch runs and pages are in the GPU's memory.</summary>
public sealed class KillTests(ITestOutputHelper output) : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);
    private readonly string _path = Path.GetTempFileName();

    [LiveTheory]
    [InlineData("sequential")]
    [InlineData("parallel")]
    public async Task An_app_killed_in_mid_fault_leaves_no_process_and_no_memory(string execution)
    {
        using LiveProgram app = Start(execution);
        using Watched watched = await Watched.OfAsync(app);
        Assert.NotEqual(0, MemoryFiles(watched.EngineId));
        long killed = Stopwatch.GetTimestamp();
        app.Process.Kill();
        watched.DemandEnd();
        output.WriteLine($"Engine and guard ended {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:F1} ms after the app.");
        (int code, string errors) = await app.EndAsync();
        Assert.Equal((128 + RawCalls.SignalKill, ""), (code, errors));
        DemandNoMemory(watched.EngineId);
        Assert.Equal(0, Wrong());
    }

    [LiveFact]
    public async Task An_app_killed_while_its_faults_wait_for_a_stopped_engine_leaves_nothing_once_that_goes_on()
    {
        using LiveProgram app = Start("parallel");
        using Watched watched = await Watched.OfAsync(app);
        Watched.Stop(watched.EngineId);
        AwaitWaitingThreads();
        app.Process.Kill();
        await app.Process.WaitForExitAsync().WaitAsync(Watchdog);
        RawCalls.Signal(watched.EngineId, RawCalls.SignalContinue);
        watched.DemandEnd();
        Assert.Equal(128 + RawCalls.SignalKill, (await app.EndAsync()).Code);
        DemandNoMemory(watched.EngineId);
        Assert.Equal(0, Wrong());
    }

    [LiveTheory]
    [InlineData("sequential")]
    [InlineData("parallel")]
    public async Task An_app_whose_engine_is_killed_with_its_pages_dies_before_it_reads_a_wrong_byte(string execution)
    {
        using LiveProgram app = Start(execution);
        using Watched watched = await Watched.OfAsync(app);
        RawCalls.Signal(watched.EngineId, RawCalls.SignalKill);
        watched.DemandEngineEnd();
        long killed = Stopwatch.GetTimestamp();
        (int code, string errors) = await app.EndAsync();
        output.WriteLine($"App and guard ended {Stopwatch.GetElapsedTime(killed).TotalMilliseconds:F1} ms after the engine.");
        watched.DemandEnd();
        Assert.Equal(128 + RawCalls.SignalKill, code);
        Assert.Contains("the engine ended unexpectedly", errors, StringComparison.Ordinal);
        DemandNoMemory(watched.EngineId);
        Assert.Equal(0, Wrong());
    }

    [LiveFact]
    public async Task Without_a_guard_that_holds_the_userfaultfd_pages_on_the_GPU_would_read_as_zero()
    {
        // Stopped first: then each thread waits for a page that is on the GPU, and goes on with zeros when nobody holds the userfaultfd.
        using LiveProgram app = LiveProgram.Start(
            new Dictionary<string, string> { ["GPUSVM_BREAK"] = "guard-holds-nothing" }, "kill-target", "parallel", File(KillTarget.Threads));
        using Watched watched = await Watched.OfAsync(app);
        Watched.Stop(watched.EngineId);
        AwaitWaitingThreads();

        // The guard, too: it may be quicker than they are.
        Watched.Stop(watched.GuardId);
        try
        {
            RawCalls.Signal(watched.EngineId, RawCalls.SignalKill);
            watched.DemandEngineEnd();
            Assert.True(SpinWait.SpinUntil(() => Wrong() != 0, Watchdog), "A thread reads what is not there.");
        }
        finally
        {
            RawCalls.Signal(watched.GuardId, RawCalls.SignalContinue);
        }

        (int code, _) = await app.EndAsync();
        Assert.NotEqual(0, code);
    }

    [LiveFact]
    public async Task An_app_whose_guard_is_killed_in_mid_fault_goes_on_and_ends_in_order()
    {
        using LiveProgram app = Start("parallel", "ends");
        using Watched watched = await Watched.OfAsync(app);
        RawCalls.Signal(watched.GuardId, RawCalls.SignalKill);
        long before = Sum(KillTarget.Done);
        Assert.True(SpinWait.SpinUntil(() => Sum(KillTarget.Done) > before + 1000, Watchdog), "The threads go on.");
        await app.Process.StandardInput.WriteLineAsync();
        Assert.Equal((0, ""), await app.EndAsync());
        watched.DemandEnd();
        DemandNoMemory(watched.EngineId);
        Assert.Equal(0, Wrong());
    }

    /// <inheritdoc/>
    public void Dispose() => System.IO.File.Delete(_path);

    private LiveProgram Start(string execution, params string[] more) =>
        LiveProgram.Start(["kill-target", execution, File(KillTarget.Threads), .. more]);

    private string File(int threads)
    {
        System.IO.File.WriteAllBytes(_path, new byte[threads * KillTarget.Stride]);
        return _path;
    }

    /// <summary>Has each thread touch a page that is on the GPU, and waits until none gets on any more.</summary>
    private void AwaitWaitingThreads()
    {
        using (MemoryMappedFile file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open))
        using (MemoryMappedViewAccessor words = file.CreateViewAccessor())
        {
            for (int thread = 0; thread < KillTarget.Threads; thread++)
            {
                words.Write((thread * KillTarget.Stride) + KillTarget.Kept, 1L);
            }
        }

        long last;
        do
        {
            last = Sum(KillTarget.Done);
        }
        while (SpinWait.SpinUntil(() => Sum(KillTarget.Done) != last, TimeSpan.FromMilliseconds(200)));
    }

    private long Wrong() => Sum(KillTarget.Wrong);

    private long Sum(int word)
    {
        using MemoryMappedFile file = MemoryMappedFile.CreateFromFile(_path, FileMode.Open);
        using MemoryMappedViewAccessor counters = file.CreateViewAccessor();
        return Enumerable.Range(0, KillTarget.Threads).Sum(thread => counters.ReadInt64((thread * KillTarget.Stride) + word));
    }

    /// <summary>Not at once: who reads what a process maps has its memory for a moment longer.</summary>
    private static void DemandNoMemory(int engine) =>
        Assert.True(SpinWait.SpinUntil(() => MemoryFiles(engine) == 0, Watchdog), "No descriptor and no mapping is left.");

    /// <summary>Number of descriptors and mappings of an engine's buffers that any process of the machine still has.</summary>
    private static int MemoryFiles(int engine)
    {
        string name = $"memfd:gpusvm-{engine}-";
        int count = 0;
        foreach (string process in Directory.GetDirectories("/proc").Where(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0])))
        {
            try
            {
                count += new DirectoryInfo(Path.Combine(process, "fd")).GetFileSystemInfos()
                    .Count(file => file.LinkTarget?.Contains(name, StringComparison.Ordinal) ?? false);
                count += System.IO.File.ReadLines(Path.Combine(process, "maps")).Count(line => line.Contains(name, StringComparison.Ordinal));
            }
            catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is somebody else's.
            }
        }

        return count;
    }
}
