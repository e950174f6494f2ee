namespace GpuSvm.Mm.Tests;

/// <summary>A plain notifier that writes down what it hears.</summary>
internal sealed class RecordingPlainNotifier(string name, List<string> log) : IAddressSpaceNotifier
{
    public List<string> Log => log;

    public bool Refuses { get; set; }

    public Action? Then { get; init; }

    public bool InvalidateStart(in Invalidation invalidation)
    {
        log.Add($"{name} start {invalidation.Range} {invalidation.Cause}");
        Then?.Invoke();
        return !Refuses;
    }

    public void InvalidateEnd(in Invalidation invalidation) => log.Add($"{name} end {invalidation.Range} {invalidation.Cause}");
}
