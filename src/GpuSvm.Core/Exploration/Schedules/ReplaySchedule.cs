namespace GpuSvm.Core;

/// <summary>Follows the turns of an earlier schedule; where they do not fit, no thread is preempted.</summary>
/// <param name="turns">What <see cref="ScheduleOutcome.Turns"/> recorded, or some of it.</param>
/// <remarks>All turns of a schedule replay it exactly, as long as the code is the same.</remarks>
public sealed class ReplaySchedule(IReadOnlyList<ScheduleTurn> turns) : ISchedule
{
    private int _turn;

    /// <inheritdoc/>
    public int Choose(in ScheduleChoice choice)
    {
        for (; _turn < turns.Count; _turn++)
        {
            ScheduleTurn turn = turns[_turn];
            if (choice.StepsOf[turn.Thread] < turn.UntilStep && choice.Candidates.Contains(turn.Thread))
            {
                return turn.Thread;
            }
        }

        return choice.Default;
    }
}
