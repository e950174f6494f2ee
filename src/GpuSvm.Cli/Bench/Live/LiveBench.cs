namespace GpuSvm.Cli.Bench.Live;

/// <summary><c>gpusvm bench live</c>: everything is measured in turns, so that slow moments of the machine hit all alike.</summary>
internal static class LiveBench
{
    /// <summary>Number of turns that count, unless said otherwise.</summary>
    public const int Repetitions = 61;

    /// <summary>The most.</summary>
    public const int MostRepetitions = 1000;

    // A turn of each side takes some ten milliseconds: short against the machine's phases, long against its clock.
    private const int Pages = 1024;
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(6);

    /// <summary>Measures.</summary>
    /// <param name="placement">Where the processes run.</param>
    /// <param name="repetitions">Number of turns that count; at most as many come before, to warm up.</param>
    /// <exception cref="UnavailableException">This computer has no userfaultfd for it.</exception>
    public static async Task<IReadOnlyList<Measurement>> MeasureAsync(LivePlacement placement, int repetitions)
    {
        if (SvmSession.Missing is { } missing)
        {
            throw new UnavailableException(missing);
        }

        CpuPair cpus = CpuPair.Of(placement);
        LiveProcess process = await LiveProcess.OpenAsync(Pages, cpus).ConfigureAwait(false);
        await using (process.ConfigureAwait(false))
        {
            using CProgram? handler = CProgram.Start("handler.c", [Pages, cpus.Program, cpus.Handler], out string? without);
            using CProgram? mover = CProgram.Start("mover.c", [LiveProcess.Blocks, cpus.Handler], out _);
            Deadline warm = Clock.Monotonic.After(LongestWarmUp);
            for (int i = 0; i < repetitions && !warm.HasPassed; i++)
            {
                await TurnAsync(process, handler, mover).ConfigureAwait(false);
            }

            var turns = new Turn[repetitions];
            for (int i = 0; i < repetitions; i++)
            {
                turns[i] = await TurnAsync(process, handler, mover).ConfigureAwait(false);
            }

            return Summarize(turns, without);
        }
    }

    private static async Task<Turn> TurnAsync(LiveProcess process, CProgram? handler, CProgram? mover)
    {
        double[] bare = mover?.Turn() ?? [0, 0];
        return new Turn
        {
            CpuFault = process.TouchNew(),
            HandlerFault = (handler?.Turn()[0] ?? 0) / Pages,
            ToDevice = await process.MoveToDeviceAsync().ConfigureAwait(false),
            Home = process.TouchBlocks(),
            BareToDevice = bare[0] / LiveProcess.Blocks,
            BareHome = bare[1] / LiveProcess.Blocks,
            WriteProtectFault = await process.WriteProtectedAsync().ConfigureAwait(false),
            GpuFault = await process.LoadNewAsync().ConfigureAwait(false),
            Launch = await process.LaunchAsync().ConfigureAwait(false),
            MapUnmap = process.MapAndUnmap(),
        };
    }

    private static Measurement[] Summarize(Turn[] turns, string? withoutC) =>
    [
        .. Compare(turns, "live.cpu_fault_4k", turn => turn.CpuFault, "live.c_handler_fault_4k", turn => turn.HandlerFault, withoutC),
        Ratio(turns, "live.cpu_fault_ratio", turn => turn.CpuFault, turn => turn.HandlerFault, withoutC),
        .. Compare(turns, "live.to_device_2m", turn => turn.ToDevice, "live.c_to_device_2m", turn => turn.BareToDevice, withoutC),
        Ratio(turns, "live.to_device_speed", turn => turn.BareToDevice, turn => turn.ToDevice, withoutC),
        .. Compare(turns, "live.home_2m", turn => turn.Home, "live.c_home_2m", turn => turn.BareHome, withoutC),
        Ratio(turns, "live.home_speed", turn => turn.BareHome, turn => turn.Home, withoutC),
        Ratio(turns, "live.there_and_back_speed", turn => turn.BareToDevice + turn.BareHome, turn => turn.ToDevice + turn.Home, withoutC),
        Measurement.Of("live.cpu_wp_fault", "ns", turns.Select(turn => turn.WriteProtectFault)),
        Measurement.Of("live.gpu_fault", "ns", turns.Select(turn => turn.GpuFault)),
        Measurement.Of("live.launch", "ns", turns.Select(turn => turn.Launch)),
        Measurement.Of("live.map_unmap", "ns", turns.Select(turn => turn.MapUnmap)),
    ];

    private static Measurement[] Compare(
        Turn[] turns, string name, Func<Turn, double> own, string nameInC, Func<Turn, double> inC, string? withoutC) =>
    [
        Measurement.Of(name, "ns", turns.Select(own)),
        withoutC is null ? Measurement.Of(nameInC, "ns", turns.Select(inC)) : Measurement.Without(nameInC, "ns", withoutC),
    ];

    /// <summary>One figure by another: the medians' ratio, and the smallest and largest of a turn.</summary>
    private static Measurement Ratio(Turn[] turns, string name, Func<Turn, double> over, Func<Turn, double> under, string? withoutC) =>
        withoutC is not null
            ? Measurement.Without(name, "x", withoutC)
            : Measurement.Of(name, "x", turns.Select(turn => over(turn) / under(turn))) with
            {
                Median = Measurement.Of(name, "ns", turns.Select(over)).Median / Measurement.Of(name, "ns", turns.Select(under)).Median,
            };

    /// <summary>What one turn gave, in nanoseconds of one operation.</summary>
    private readonly record struct Turn
    {
        public double CpuFault { get; init; }

        public double HandlerFault { get; init; }

        public double ToDevice { get; init; }

        public double Home { get; init; }

        public double BareToDevice { get; init; }

        public double BareHome { get; init; }

        public double WriteProtectFault { get; init; }

        public double GpuFault { get; init; }

        public double Launch { get; init; }

        public double MapUnmap { get; init; }
    }
}
