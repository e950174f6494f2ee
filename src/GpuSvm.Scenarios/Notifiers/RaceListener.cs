namespace GpuSvm.Scenarios;

/// <summary>A plain notifier that must not be called once it is gone.</summary>
internal sealed class RaceListener : IAddressSpaceNotifier
{
    public bool IsGone { get; set; }

    public bool InvalidateStart(in Invalidation invalidation)
    {
        Look();
        return true;
    }

    public void InvalidateEnd(in Invalidation invalidation) => Look();

    private void Look()
    {
        SchedulePoint.Reach(SchedulePointKind.Word);
        SmallMachine.Demand(!IsGone, "No callback of a plain notifier runs once it is removed.");
    }
}
