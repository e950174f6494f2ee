using System.Globalization;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>Engine and guard of an app, which cannot be mistaken for others.</summary>
internal sealed class Watched : IDisposable
{
    private static readonly TimeSpan Watchdog = TimeSpan.FromSeconds(30);
    private readonly SafeFileHandle _engine;
    private readonly SafeFileHandle _guard;

    private Watched(long[] told)
    {
        Ids = [.. told.Select(id => unchecked((int)id))];
        Address = told is [_, _, long address] ? (ulong)address : 0;
        _engine = ProcessFile.Open(Ids[0]);
        _guard = ProcessFile.Open(Ids[1]);
    }

    /// <summary>What the app wrote: engine, guard, and what else it says.</summary>
    public IReadOnlyList<int> Ids { get; }

    /// <summary>What the app wrote behind the two, where that is an address.</summary>
    public ulong Address { get; }

    /// <summary>The engine.</summary>
    public int EngineId => Ids[0];

    /// <summary>The guard.</summary>
    public int GuardId => Ids[1];

    /// <summary>Stops a process, all threads of it.</summary>
    public static void Stop(int process)
    {
        RawCalls.Signal(process, RawCalls.SignalStop);
        Assert.True(SpinWait.SpinUntil(() => Threads(process).All(thread => ProcessView.State(thread) == 'T'), Watchdog), "The process stands still.");
    }

    /// <summary>Reads the line in which an app names them, and lets it go on.</summary>
    public static async Task<Watched> OfAsync(LiveProgram app)
    {
        string line = await app.ReadLineAsync();
        var watched = new Watched([.. line.Split(' ').Select(id => long.Parse(id, CultureInfo.InvariantCulture))]);
        await app.Process.StandardInput.WriteLineAsync();
        return watched;
    }

    /// <summary>Waits for the engine's end.</summary>
    public void DemandEngineEnd() => DemandEnd(_engine, "engine");

    /// <summary>Waits for the end of both.</summary>
    public void DemandEnd()
    {
        DemandEnd(_engine, "engine");
        DemandEnd(_guard, "guard");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _engine.Dispose();
        _guard.Dispose();
    }

    private static IEnumerable<int> Threads(int process) =>
        Directory.GetDirectories($"/proc/{process}/task").Select(folder => int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture));

    private static void DemandEnd(SafeFileHandle process, string name) =>
        Assert.True(PollSet.Wait([process], Watchdog, new bool[1]) == 1, $"The {name} has not ended within {Watchdog}.");
}
