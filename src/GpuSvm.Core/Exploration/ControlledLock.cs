namespace GpuSvm.Core;

/// <summary>A lock of controlled threads. One of them runs at a time, so its owner is a plain field.</summary>
internal sealed class ControlledLock(LockRank rank)
{
    private ControlledThread? _owner;

    public bool IsHeldBy(ControlledThread self) => self.IsQuiet || _owner == self;

    public bool TryAcquire(ControlledThread self)
    {
        if (_owner is not null)
        {
            return false;
        }

        _owner = self;
        return true;
    }

    public void Acquire(ControlledThread self)
    {
        while (!TryAcquire(self))
        {
            self.Explorer.Block(self, this, long.MaxValue);
        }
    }

    public void Release(ControlledThread self)
    {
        _owner = null;
        self.Explorer.Wake(this);
    }

    public override string ToString() => $"a lock of rank {rank}, held by {_owner?.Name ?? "nobody"}";
}
