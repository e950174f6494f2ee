namespace GpuSvm.Mm.Tests;

/// <summary>A plain notifier that keeps what it hears, with the owner.</summary>
internal sealed class OwnerNotifier : IAddressSpaceNotifier
{
    public List<Invalidation> Log { get; } = [];

    public bool InvalidateStart(in Invalidation invalidation)
    {
        Log.Add(invalidation);
        return true;
    }

    public void InvalidateEnd(in Invalidation invalidation)
    {
    }
}
