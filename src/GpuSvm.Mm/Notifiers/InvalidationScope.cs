namespace GpuSvm.Mm;

/// <summary>An invalidation that runs; disposing ends it. The CPU's table changes inside and nowhere else.</summary>
public ref struct InvalidationScope
{
    private readonly Invalidation _invalidation;
    private readonly PlainNotifier[] _plain;
    private IntervalNotifiers? _owner;

    internal InvalidationScope(IntervalNotifiers owner, scoped in Invalidation invalidation, PlainNotifier[] plain)
    {
        _owner = owner;
        _invalidation = invalidation;
        _plain = plain;
    }

    /// <summary>Ends the invalidation; a second call does nothing.</summary>
    public void Dispose()
    {
        IntervalNotifiers? owner = _owner;
        _owner = null;
        owner?.End(_invalidation, _plain);
    }
}
