namespace GpuSvm.Mm.Tests;

/// <summary>A clock on which more than half of the default deadline passes between two looks.</summary>
internal sealed class HastyClock : Clock
{
    private long _now;

    public override long NowNanoseconds => SharedWord.Add(ref _now, 600_000_000);
}
