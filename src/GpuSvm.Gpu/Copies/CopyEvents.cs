namespace GpuSvm.Gpu;

/// <summary>What the copy engine tells a stream of events.</summary>
internal static class CopyEvents
{
    /// <summary>A command begins, or has ended, well or not.</summary>
    /// <param name="events">The stream.</param>
    /// <param name="phase">Which of the two.</param>
    /// <param name="fence">The fence of its job.</param>
    /// <param name="command">The command; its address is that of the destination.</param>
    public static void TellCopy(this EventStream events, EventPhase phase, long fence, in CopyCommand command) =>
        events.Write(new SvmEvent(EventKind.Copy, phase, EventTrack.CopyEngine(0))
        {
            Id = (ulong)fence,
            Address = command.Destination.Address,
            Bytes = command.Bytes,
            Direction = DirectionOf(command),
        });

    private static EventDirection DirectionOf(in CopyCommand command) => (command.Source, command.Destination.IsVideoMemory) switch
    {
        (null, _) => EventDirection.None,
        ({ IsVideoMemory: false }, true) => EventDirection.ToDevice,
        ({ IsVideoMemory: true }, false) => EventDirection.ToSystem,
        ({ IsVideoMemory: false }, false) => EventDirection.InSystem,
        _ => EventDirection.InDevice,
    };
}
