using GpuSvm.Telemetry;

namespace GpuSvm.Scenarios;

/// <summary>Two threads write events to a ring of two while a third one drains it.</summary>
public sealed class WriteVsDrain : IRaceScenario
{
    private const int Writers = 2;
    private const int Each = 3;

    /// <inheritdoc/>
    public string Name => "write-vs-drain";

    /// <inheritdoc/>
    public string Description => "Two threads write events to a ring of two while a third drains it: each comes out once and whole, or is counted as dropped.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var stream = new EventStream(capacity: 2);
        int[] last = new int[Writers];
        long seen = 0;
        for (int i = 0; i < Writers; i++)
        {
            int writer = i;
            run.Thread($"writer {writer}", () => Write(stream, writer));
        }

        run.Thread("reader", () =>
        {
            for (int i = 0; i < Writers * Each; i++)
            {
                seen += Drain(stream, last);
            }
        });
        run.AtEnd(() =>
        {
            seen += Drain(stream, last);
            SmallMachine.Demand(seen == stream.Written, "What was taken comes out.");
            SmallMachine.Demand(seen + stream.Dropped == Writers * Each, "What does not come out was counted as dropped.");
        });
    }

    private static void Write(EventStream stream, int writer)
    {
        for (int number = 1; number <= Each; number++)
        {
            // A time of its own: the stream's clock is no part of the race.
            stream.Write(new SvmEvent(EventKind.Flush, EventPhase.Instant, EventTrack.Worker(writer)) { Nanoseconds = number, Count = ~number });
        }
    }

    private static int Drain(EventStream stream, int[] last)
    {
        Span<SvmEvent> drained = new SvmEvent[2];
        int count = stream.Drain(drained);
        foreach (SvmEvent happened in drained[..count])
        {
            int number = (int)happened.Nanoseconds;
            int writer = happened.Track.Index;
            bool isWhole = happened.Kind == EventKind.Flush && number >= 1 && happened.Count == ~number;
            SmallMachine.Demand(isWhole, "An event comes out as it was written.");
            SmallMachine.Demand(number > last[writer], "The events of a thread come out in its order, each once.");
            last[writer] = number;
        }

        return count;
    }
}
