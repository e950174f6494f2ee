namespace GpuSvm.Core;

/// <summary>A lock that controlled threads share. One of them runs at a time, so its owners are plain fields.</summary>
internal sealed class ControlledSharedLock(LockRank rank)
{
    private ulong _sharers;
    private ControlledThread? _owner;
    private int _waitingForAll;

    public bool IsHeldBy(ControlledThread self) => self.IsQuiet || _owner == self || (_sharers & Bit(self)) != 0;

    public bool IsHeldExclusivelyBy(ControlledThread self) => self.IsQuiet || _owner == self;

    public bool TryAcquireShared(ControlledThread self)
    {
        if (_owner is not null || _waitingForAll > 0)
        {
            return false;
        }

        _sharers |= Bit(self);
        return true;
    }

    public void AcquireShared(ControlledThread self)
    {
        while (!TryAcquireShared(self))
        {
            self.Explorer.Block(self, this, long.MaxValue);
        }
    }

    public void AcquireExclusive(ControlledThread self)
    {
        while (_owner is not null || _sharers != 0)
        {
            _waitingForAll++;
            self.Explorer.Block(self, this, long.MaxValue);
            _waitingForAll--;
        }

        _owner = self;
    }

    public void Release(ControlledThread self)
    {
        _owner = null;
        _sharers &= ~Bit(self);
        self.Explorer.Wake(this);
    }

    public override string ToString() => $"a shared lock of rank {rank}, held {(_owner is null ? "in common" : $"alone by {_owner.Name}")}";

    private static ulong Bit(ControlledThread thread) => 1UL << thread.Number;
}
