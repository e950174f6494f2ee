using System.Globalization;
using GpuSvm.Cli.Runs.Targets;

namespace GpuSvm.Cli.Runs.Lists;

/// <summary>GPU threads that walk a list: one for each multiprocessor, each along the whole list.</summary>
internal sealed class ListWalkers
{
    private readonly RunSession _session;
    private readonly ListWalkArgs _args;
    private readonly int _threads;

    /// <summary>Maps memory for what the walks leave behind.</summary>
    /// <param name="session">The run.</param>
    /// <param name="list">The list to walk.</param>
    /// <param name="walks">Number of walks of each thread, at least 1.</param>
    /// <param name="wantedChanges">Threads go on walking until the CPU has counted this many changes.</param>
    /// <param name="maximumWalks">Number of walks after which a thread stops in any case.</param>
    public ListWalkers(RunSession session, ProcessList list, long walks, long wantedChanges, long maximumWalks)
    {
        _session = session;
        _threads = session.Options.Sms;
        _args = new ListWalkArgs(
            list.Control,
            Walked: session.Map(8 * (ulong)_threads),
            Records: session.Map((ulong)_threads * (ulong)maximumWalks * ListWalk.RecordBytes),
            walks,
            wantedChanges,
            maximumWalks);
    }

    /// <summary>Number of walks that all threads together have finished.</summary>
    public long Walks => FinishedWalks().Sum();

    /// <summary>Walks a list that nobody changes, once with each thread, and checks what every walk saw.</summary>
    /// <returns>The walkers, whose records can be read.</returns>
    public static async Task<ListWalkers> WalkOnceAsync(RunSession session, ProcessList list)
    {
        var walkers = new ListWalkers(session, list, walks: 1, wantedChanges: 0, maximumWalks: 1);
        session.Target.Store(list.Control + ListWalk.VersionOffset, 0L);
        await walkers.LaunchAsync().ConfigureAwait(false);
        return walkers;
    }

    /// <summary>Starts the walks.</summary>
    public Task LaunchAsync() => _session.LaunchAsync(ListWalk.Kernel, _threads, block: 1, _args);

    /// <summary>For each thread, the number of walks that it has finished so far.</summary>
    public long[] FinishedWalks()
    {
        long[] finished = new long[_threads];
        for (int thread = 0; thread < _threads; thread++)
        {
            finished[thread] = _session.Target.Load<long>(_args.Walked + (8 * (ulong)thread));
        }

        return finished;
    }

    /// <summary>What the last walk of the first thread saw.</summary>
    public ListDigest LastSeen() => Read(0, FinishedWalks()[0] - 1).Seen;

    /// <summary>Compares every walk with the versions that the list had while it was under way.</summary>
    /// <param name="versions">What each version holds. The CPU publishes version n first, and only then sets the counter to n.</param>
    /// <returns>The first walk that saw something else, as a line of text; null if there is none.</returns>
    public string? FindWrongWalk(IReadOnlyList<ListDigest> versions)
    {
        long[] finished = FinishedWalks();
        for (int thread = 0; thread < _threads; thread++)
        {
            for (long walk = 0; walk < finished[thread]; walk++)
            {
                ListWalkRecord record = Read(thread, walk);
                if (!WasSome(versions, record))
                {
                    return string.Create(
                        CultureInfo.InvariantCulture,
                        $"walk {walk} of GPU thread {thread} saw {record.Seen.Nodes} nodes with sum {record.Seen.Sum}, " +
                        $"which the list never was between its versions {record.VersionBefore} and {record.VersionAfter}");
                }
            }
        }

        return null;
    }

    private static bool WasSome(IReadOnlyList<ListDigest> versions, ListWalkRecord record)
    {
        long last = Math.Min(record.VersionAfter + 1, versions.Count - 1);
        for (long version = record.VersionBefore; version <= last; version++)
        {
            if (versions[(int)version] == record.Seen)
            {
                return true;
            }
        }

        return false;
    }

    private ListWalkRecord Read(int thread, long walk)
    {
        ulong record = _args.Records + ((((ulong)thread * (ulong)_args.MaximumWalks) + (ulong)walk) * ListWalk.RecordBytes);
        RunTarget memory = _session.Target;
        var seen = new ListDigest(memory.Load<long>(record + 16), memory.Load<ulong>(record + 24), memory.Load<ulong>(record + 32));
        return new ListWalkRecord(memory.Load<long>(record), memory.Load<long>(record + 8), seen);
    }
}
