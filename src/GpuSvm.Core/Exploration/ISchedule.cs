namespace GpuSvm.Core;

/// <summary>Decides which thread runs next. One object decides for one schedule, unless it says otherwise.</summary>
public interface ISchedule
{
    /// <summary>Chooses one of <see cref="ScheduleChoice.Candidates"/>.</summary>
    /// <returns>The thread's number.</returns>
    /// <remarks>Must depend on nothing but the choices before it: no clock, no thread id, no random number without a seed.</remarks>
    int Choose(in ScheduleChoice choice);
}
