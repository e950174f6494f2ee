namespace GpuSvm.Live.Programs;

/// <summary>One order of steps between an app, the kernel and the engine that once went wrong somewhere: <c>traps NAME</c>.</summary>
internal sealed class TrapProgram : ILiveProgram
{
    private static readonly IReadOnlyDictionary<string, Action> Scenarios = new Dictionary<string, Action>
    {
        ["late-continue"] = ProtectionTraps.LateContinue,
        ["protect-reads"] = ProtectionTraps.ProtectWhileAnEventIsUnread,
        ["protect-gap"] = ProtectionTraps.ProtectAroundAGap,
        ["protect-replaced"] = ProtectionTraps.ProtectAroundOtherMemory,
        ["grown-rights"] = ProtectionTraps.GrownRights,
        ["revoke"] = ProtectionTraps.Revoke,
        ["stray-touch"] = HoleTraps.StrayTouch,
        ["woken-by-hole"] = HoleTraps.WokenByHole,
        ["stale-mark"] = HoleTraps.StaleMark,
        ["apps-hole"] = HoleTraps.AppsHole,
        ["deferred"] = FaultTraps.Deferred,
        ["same-page"] = FaultTraps.SamePage,
        ["signals"] = FaultTraps.Signals,
        ["in-order"] = FaultTraps.InOrder,
        ["no-memory"] = RefusalTraps.NoMemory,
        ["no-mapping"] = RefusalTraps.NoMapping,
        ["no-memory-marked"] = RefusalTraps.NoMemoryForAMarkedPage,
        ["unmap-over-another"] = ChangeTraps.UnmapOverAnotherBuffer,
        ["protect-moved"] = ChangeTraps.ProtectMovedPage,
        ["beside-a-move"] = ChangeTraps.FaultBesideAMove,
        ["protect-forked"] = ChangeTraps.ProtectForkedPage,
        ["adopted-beside-other"] = AdoptedTraps.BesideOther,
        ["adopted-gap"] = AdoptedTraps.Gap,
        ["adopted-split"] = AdoptedTraps.Split,
        ["adopted-unmapped-under-a-read"] = AdoptedTraps.UnmappedUnderARead,
        ["adopted-unreadable"] = AdoptedTraps.Unreadable,
        ["signal"] = RefusalTraps.Signal,
    };

    /// <inheritdoc/>
    public string Name => "traps";

    /// <inheritdoc/>
    public Task RunAsync(string[] args, TextWriter output)
    {
        Scenarios[args[0]]();
        return Task.CompletedTask;
    }
}
