using GpuSvm.Mmu.Areas;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <content>Who uses the address space, from its boot to its end.</content>
internal sealed partial class Vmm<TFormat>
{
    /// <summary>What a boot makes tables for: a page that begins or ends outside is never mapped.</summary>
    private AddressRange BootRange
    {
        get
        {
            ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(TableTree<TFormat>.SmallestType);
            ulong start = slot.AlignUp(Bounds.Start);
            return new AddressRange(start, Math.Max(start, slot.AlignDown(Bounds.End)));
        }
    }

    /// <inheritdoc/>
    public override Errno Join(ulong instance)
    {
        using RankedLock.Scope scope = Enter();
        if (_options.Instances is not { } binder)
        {
            return Errno.ENOSYS;
        }

        Errno error = binder.Bind(instance, Root, Bounds);
        if (error == Errno.None)
        {
            _instances.Add(instance);
        }

        return error;
    }

    /// <inheritdoc/>
    public override void Part(ulong instance)
    {
        using RankedLock.Scope scope = Enter();
        if (_instances.Remove(instance))
        {
            _options.Instances!.Unbind(instance);
        }
    }

    /// <inheritdoc/>
    public override Errno Boot()
    {
        using RankedLock.Scope scope = Enter();
        if (_isBooted)
        {
            return Errno.EINVAL;
        }

        for (GpuVma? vma = _areas.First; vma is not null; vma = vma.Next)
        {
            if (vma.IsSparse)
            {
                return Errno.EINVAL;
            }
        }

        ref readonly PageSlot slot = ref TableTree<TFormat>.SlotOf(TableTree<TFormat>.SmallestType);
        _isBooted = _tree.TryReference(slot, BootRange.Start, BootRange.End);
        Complete();
        return _isBooted ? Errno.None : Errno.ENOMEM;
    }

    private protected override void Teardown()
    {
        using RankedLock.Scope scope = _lock.Enter();
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        if (!Breaks.TornDownBeforeThePart)
        {
            PartAll();
        }

        for (GpuVma? vma = _areas.First; vma is not null; vma = vma.Next)
        {
            if (vma is { IsUsed: true, IsPart: false })
            {
                UnmapAll(vma);
            }
        }

        if (_isBooted)
        {
            _tree.Release(TableTree<TFormat>.SlotOf(TableTree<TFormat>.SmallestType), BootRange.Start, BootRange.End);
        }

        // The device forgets the root as well, before that is freed.
        _retirement.Batch.Mark(0);
        _retirement.Batch.Add(0, 1UL << TFormat.AddressBits);
        _tree.RetireRoot();
        Complete();
        _store.FreeSpare();
        PartAll();
    }

    private void PartAll()
    {
        foreach (ulong instance in _instances)
        {
            _options.Instances!.Unbind(instance);
        }

        _instances.Clear();
    }
}
