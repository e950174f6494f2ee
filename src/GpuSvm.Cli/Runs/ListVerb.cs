using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Lists;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run list</c>.</summary>
internal static class ListVerb
{
    private const int MostNodes = 10_000_000;
    private const long VisitsDuringChanges = 1_000_000;
    private const long WantedUnmaps = 64;

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand(
            "list", "Walk a linked list of real pointers at random addresses and sum its values; one GPU thread for each multiprocessor.");
        Option<int> nodes = NumberOption.Create("--nodes", "Number of nodes, 1 to 10000000.", 100_000, 1, MostNodes);
        var mutate = new Option<bool>("--mutate")
        {
            Description = "Let the CPU relink, unmap and remap nodes between the walks; with --parallel also during walks.",
        };
        command.Add(nodes);
        command.Add(mutate);
        command.Runs((session, parsed) => RunAsync(session, parsed.GetValue(nodes), parsed.GetValue(mutate)));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, int nodes, bool mutate)
    {
        var random = new SeededRandom(session.Options.Seed);
        var list = new ProcessList(session, nodes, random);
        var tally = new Tally();
        ListWalkers walkers = await WalkAsync(session, list, list.DigestFrom(list.First()), tally).ConfigureAwait(false);
        if (mutate)
        {
            IdleChanges.Make(list, random);
            tally.IdleChanges = list.Changes;
            walkers = await WalkAsync(session, list, list.DigestFrom(list.First()), tally).ConfigureAwait(false);
        }

        if (mutate && session.Options.Execution == ExecutionMode.Parallel)
        {
            ListDigest last = await ChangeDuringWalksAsync(session, list, random, tally).ConfigureAwait(false);
            walkers = await WalkAsync(session, list, last, tally).ConfigureAwait(false);
        }

        ListDigest seen = walkers.LastSeen();
        ListResult result = new(seen.Nodes, seen.Sum, tally.Walks, tally.IdleChanges, tally.ChangesDuringWalks, tally.UnmapsDuringWalks);
        return new RunReport(new ListInput(nodes, mutate), result, Describe(result, mutate), tally.Failure);
    }

    /// <summary>Walks once with each thread while nobody changes the list.</summary>
    private static async Task<ListWalkers> WalkAsync(RunSession session, ProcessList list, ListDigest expected, Tally tally)
    {
        ListWalkers walkers = await ListWalkers.WalkOnceAsync(session, list).ConfigureAwait(false);
        tally.Add(walkers, [expected]);
        return walkers;
    }

    /// <summary>Walks many times while the CPU changes the list; gives what the list holds at the end.</summary>
    private static async Task<ListDigest> ChangeDuringWalksAsync(RunSession session, ProcessList list, SeededRandom random, Tally tally)
    {
        var changes = new ChangesDuringWalks(session, list, random);
        long walks = Math.Clamp(VisitsDuringChanges / list.Count, 4, 1000);
        var walkers = new ListWalkers(session, list, walks, WantedUnmaps, maximumWalks: 1 << 16);
        Task launch = walkers.LaunchAsync();
        try
        {
            changes.RunUntilEnd(launch, walkers);
        }
        finally
        {
            session.Target.Store(list.Control + ListWalk.ChangesOffset, WantedUnmaps);
            await launch.ConfigureAwait(false);
        }

        tally.Add(walkers, changes.Versions);
        tally.ChangesDuringWalks = changes.Published;
        tally.UnmapsDuringWalks = changes.Unmapped;
        return changes.Versions[^1];
    }

    private static List<string> Describe(ListResult result, bool mutate)
    {
        CultureInfo invariant = CultureInfo.InvariantCulture;
        List<string> lines = [string.Create(invariant, $"{result.Nodes} nodes, sum {result.Sum}; {result.Walks} walks")];
        if (mutate)
        {
            lines.Add(string.Create(
                invariant,
                $"{result.IdleChanges} changes while the GPU was idle; " +
                $"{result.ChangesDuringWalks} changes and {result.UnmapsDuringWalks} unmaps during walks"));
        }

        return lines;
    }

    /// <summary>What has happened so far.</summary>
    private sealed class Tally
    {
        public long Walks { get; private set; }

        public long IdleChanges { get; set; }

        public long ChangesDuringWalks { get; set; }

        public long UnmapsDuringWalks { get; set; }

        public string? Failure { get; private set; }

        public void Add(ListWalkers walkers, IReadOnlyList<ListDigest> versions)
        {
            Walks += walkers.Walks;
            Failure ??= walkers.FindWrongWalk(versions);
        }
    }
}
