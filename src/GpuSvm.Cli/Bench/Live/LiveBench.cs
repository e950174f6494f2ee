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
    private static readonly TimeSpan LongestWarmUp = TimeSpan.FromSeconds(3);

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
            using CHandler? handler = CHandler.Start(Pages, cpus, out string? without);
            Deadline warm = Clock.Monotonic.After(LongestWarmUp);
            for (int i = 0; i < repetitions && !warm.HasPassed; i++)
            {
                await TurnAsync(process, handler).ConfigureAwait(false);
            }

            var turns = new Turn[repetitions];
            for (int i = 0; i < repetitions; i++)
            {
                turns[i] = await TurnAsync(process, handler).ConfigureAwait(false);
            }

            return Summarize(turns, without);
        }
    }

    private static async Task<Turn> TurnAsync(LiveProcess process, CHandler? handler) => new(
        process.TouchNew(),
        handler?.Touch() ?? 0,
        await process.WriteProtectedAsync().ConfigureAwait(false),
        await process.LoadNewAsync().ConfigureAwait(false),
        await process.LaunchAsync().ConfigureAwait(false),
        process.MapAndUnmap());

    private static Measurement[] Summarize(Turn[] turns, string? withoutHandler)
    {
        Measurement fault = Measurement.Of("live.cpu_fault_4k", "ns", turns.Select(turn => turn.CpuFault));
        Measurement handler = withoutHandler is null
            ? Measurement.Of("live.c_handler_fault_4k", "ns", turns.Select(turn => turn.HandlerFault))
            : Measurement.Without("live.c_handler_fault_4k", "ns", withoutHandler);
        Measurement ratio = withoutHandler is null
            ? Measurement.Of("live.cpu_fault_ratio", "x", turns.Select(turn => turn.CpuFault / turn.HandlerFault)) with
            {
                Median = fault.Median / handler.Median,
            }
            : Measurement.Without("live.cpu_fault_ratio", "x", withoutHandler);
        return
        [
            fault,
            handler,
            ratio,
            Measurement.Of("live.cpu_wp_fault", "ns", turns.Select(turn => turn.WriteProtectFault)),
            Measurement.Of("live.gpu_fault", "ns", turns.Select(turn => turn.GpuFault)),
            Measurement.Of("live.launch", "ns", turns.Select(turn => turn.Launch)),
            Measurement.Of("live.map_unmap", "ns", turns.Select(turn => turn.MapUnmap)),
        ];
    }

    /// <summary>What one turn gave, in nanoseconds of one operation.</summary>
    private readonly record struct Turn(
        double CpuFault, double HandlerFault, double WriteProtectFault, double GpuFault, double Launch, double MapUnmap);
}
