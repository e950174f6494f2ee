namespace GpuSvm.Gpu;

/// <summary>Executes some SMs, one step of each in turn. One thread at a time.</summary>
/// <param name="sms">The SMs.</param>
/// <param name="order">Shuffles the SMs before every round; null keeps their order.</param>
/// <param name="turn">What an SM may do before the next one has its turn.</param>
/// <param name="interrupt">Raised right after a turn that reported a fault; null leaves it to <see cref="TakeInterrupt"/>.</param>
internal sealed class SmRunner(Sm[] sms, SeededRandom? order, SmTurn turn, Action? interrupt)
{
    private bool _interruptDue;

    /// <summary>Gives each SM one turn.</summary>
    /// <returns>False when no SM had anything to do.</returns>
    internal bool RunRound(ReadOnlySpan<Launch> launches)
    {
        order?.Shuffle(sms.AsSpan());
        bool worked = false;
        foreach (Sm sm in sms)
        {
            bool goesOn = true;
            sm.ReportsLeft = turn.Faults;
            for (int step = 0; step < turn.Steps && goesOn; step++)
            {
                goesOn = Step(sm, launches);
                worked |= goesOn;
            }

            if (sm.InterruptDue)
            {
                sm.InterruptDue = false;
                _interruptDue = true;
                interrupt?.Invoke();
            }
        }

        return worked;
    }

    private static bool Step(Sm sm, ReadOnlySpan<Launch> launches)
    {
        bool worked = false;
        foreach (Launch launch in launches)
        {
            if (launch.Concerns(sm))
            {
                worked |= launch.SliceOn(sm).Step();
            }
        }

        return worked;
    }

    /// <summary>True if an SM reported a fault since the last call.</summary>
    internal bool TakeInterrupt()
    {
        bool due = _interruptDue;
        _interruptDue = false;
        return due;
    }

    /// <summary>Ends launches whose faults nobody served in time.</summary>
    /// <returns>True if a launch waits for faults.</returns>
    internal bool GiveUpWhenUnserved(ReadOnlySpan<Launch> launches)
    {
        bool waiting = false;
        foreach (Sm sm in sms)
        {
            foreach (Launch launch in launches)
            {
                if (launch.Concerns(sm))
                {
                    LaunchSlice slice = launch.SliceOn(sm);
                    slice.GiveUpWhenUnserved();
                    waiting |= slice.IsWaitingForFaults;
                }
            }
        }

        return waiting;
    }
}
