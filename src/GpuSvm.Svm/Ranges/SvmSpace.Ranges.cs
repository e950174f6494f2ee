using System.Diagnostics.CodeAnalysis;
using System.Numerics;

namespace GpuSvm.Svm;

/// <content>Which ranges and notifiers there are.</content>
public sealed partial class SvmSpace
{
    /// <summary>Finds the range that holds an address, or makes one around it.</summary>
    /// <param name="address">Where the device has faulted.</param>
    /// <param name="gpuWindow">The device's addresses that mirror the CPU's, as far as they are to be treated alike: the range lies inside.</param>
    /// <param name="context">For <see cref="SvmContext.IsReadOnly"/>, <see cref="SvmContext.IsDeviceMemoryPossible"/> and
    /// <see cref="SvmContext.CheckPagesThreshold"/>.</param>
    /// <param name="range">The range; the caller has no reference of its own. Some of it may be unmapped at once.</param>
    /// <returns>
    /// EINVAL: the address lies outside of the space's window, or not even a page around it fits. EFAULT: the address space or this space
    /// has ended. ENOENT: nothing is mapped there. EPERM: a write is asked for, and the mapping may only be read. ENOMEM, and what
    /// <see cref="ISvmRangeOwner.TryAllocate"/> says. After an error nothing has changed.
    /// </returns>
    /// <remarks>
    /// <para>
    /// A new range is the largest aligned chunk that lies in the mapping, the notifier and the windows, and touches no other range. A range
    /// that exists is found without allocation.
    /// </para>
    /// <para>
    /// A range that crosses the end of a mapping or of the window, as that was unmapped, protected or advised since, or that was marked as
    /// unmapped, is first replaced by smaller ones (<see cref="Collect"/>): so what is got for one never depends on other mappings.
    /// </para>
    /// Locking: takes the mmap lock shared; no lock from that on is held. Source: Linux drm_gpusvm_range_find_or_insert.
    /// </remarks>
    public Errno FindOrInsert(VirtualAddress address, AddressRange gpuWindow, in SvmContext context, out SvmRange? range)
    {
        range = null;
        if (!_options.Window.Contains(address))
        {
            return Errno.EINVAL;
        }

        using (Mm.MmapLock.EnterShared())
        {
            if (Mm.HasExited)
            {
                return Errno.EFAULT;
            }

            if (Mm.VmaAt(address) is not { } vma)
            {
                return Errno.ENOENT;
            }

            if (!context.IsReadOnly && !vma.Allows(CpuAccess.Write))
            {
                return Errno.EPERM;
            }

            AddressRange bounds = vma.Range.Intersect(gpuWindow).Intersect(_options.Window);
            return
                TryFindIn(bounds, address, out range) ? Errno.None :
                Insert(address, bounds, context.IsDeviceMemoryPossible && vma.MayLiveOnDevice, context, out range);
        }
    }

    /// <summary>Finds the range that holds an address, where need be when those that reach beyond some bounds were replaced.</summary>
    private bool TryFindIn(AddressRange bounds, VirtualAddress address, out SvmRange? range)
    {
        bool fits;
        using (NotifierLock.Enter())
        {
            // A range that fits is not looked into: with many of them it would not be in a cache.
            range = FindLocked(address, out ulong size);
            fits = range is null || (bounds.Contains(BlockAround(address, size)) && (_marked == 0 || !range.IsUnmapped));
        }

        // Once: what others do meanwhile may put the same in the way again.
        if (!fits)
        {
            Fit(range!, bounds);
            TryFind(address, out range);
        }

        return range is not null;
    }

    /// <summary>A range was marked as unmapped, or is no more. Notifier lock held.</summary>
    internal void CountMarked(int sign) => _marked += sign;

    /// <summary>Finds the range that holds an address.</summary>
    public bool TryFind(VirtualAddress address, [NotNullWhen(true)] out SvmRange? range)
    {
        using (NotifierLock.Enter())
        {
            range = FindLocked(address, out _);
            return range is not null;
        }
    }

    /// <summary>Removes a range: its pages are unmapped, and its notifier goes too if it is empty then.</summary>
    /// <returns>False if it was removed already.</returns>
    /// <remarks>
    /// The device's entries are dropped first (<see cref="ISvmRangeOwner.DropEntries"/>). Puts the range's own reference. Never waits for
    /// an invalidation: the notifier leaves when those that run have ended. Locking: takes the notifier lock; never from a callback.
    /// Source: Linux drm_gpusvm_range_remove.
    /// </remarks>
    public bool Remove(SvmRange range)
    {
        ArgumentNullException.ThrowIfNull(range);
        ThrowIfForeign(range);
        using (NotifierLock.Enter())
        {
            if (range.IsRemoved)
            {
                return false;
            }

            RemoveLocked(range);
            RemoveIfUnused(range.Notifier);
        }

        range.Put();
        return true;
    }

    private Errno Insert(VirtualAddress address, AddressRange bounds, bool mayMigrate, in SvmContext context, out SvmRange? range)
    {
        range = null;
        Errno error = TryHold(address, out SvmNotifier? notifier);
        if (error != Errno.None)
        {
            return error;
        }

        try
        {
            return InsertInto(notifier!, address, bounds, mayMigrate, context, out range);
        }
        finally
        {
            using (NotifierLock.Enter())
            {
                notifier!.Holders--;
                RemoveIfUnused(notifier);
            }
        }
    }

    /// <summary>Finds or makes the notifier of an address, which then stays until its holder goes.</summary>
    private Errno TryHold(VirtualAddress address, out SvmNotifier? notifier)
    {
        using (NotifierLock.Enter())
        {
            if (_isClosed)
            {
                notifier = null;
                return Errno.EFAULT;
            }

            if (_notifiers.TryFindAt(address, out notifier))
            {
                notifier.Holders++;
                return Errno.None;
            }
        }

        if (!MayAllocate())
        {
            return Errno.ENOMEM;
        }

        var made = new SvmNotifier(this, BlockAround(address, _options.NotifierSize));
        using (NotifierLock.Enter())
        {
            if (_isClosed)
            {
                return Errno.EFAULT;
            }

            // Somebody else may have made it meanwhile.
            if (!_notifiers.TryFindAt(address, out notifier))
            {
                notifier = made;
                if (Mm.Notifiers.Insert(made.Interval, made.Range) != Errno.None)
                {
                    return Errno.EFAULT;
                }

                made.Handle = _notifiers.Insert(made.Range, made);
            }

            notifier.Holders++;
            return Errno.None;
        }
    }

    /// <summary>Enters a range unless another one has come to lie there.</summary>
    /// <param name="made">The range.</param>
    /// <param name="address">Where the device has faulted.</param>
    /// <param name="found">The range that holds that address now: this one or another, or null.</param>
    /// <returns>True if it is this one.</returns>
    private bool TryEnter(SvmRange made, VirtualAddress address, out SvmRange? found)
    {
        using (NotifierLock.Enter())
        {
            IntervalTree<SvmRange> ranges = made.Notifier.Ranges;
            if (_isClosed || ranges.TryFindFirst(made.Range, out _))
            {
                found = FindLocked(address, out _);
                return false;
            }

            EnterLocked(made);
            found = made;
            return true;
        }
    }

    private void EnterLocked(SvmRange range)
    {
        range.Handle = range.Notifier.Ranges.Insert(range.Range, range);
        _ranges.Add(KeyOf(range.Range.Start, range.Range.Length), range);
        _made++;
    }

    private SvmRange? FindLocked(VirtualAddress address, out ulong size)
    {
        if (!_isClosed)
        {
            foreach (ulong one in _chunkSizes)
            {
                if (_ranges.TryGetValue(KeyOf(address, one), out SvmRange? range))
                {
                    size = one;
                    return range;
                }
            }
        }

        size = 0;
        return null;
    }

    private void RemoveLocked(SvmRange range)
    {
        DropAndUnmap(range);
        range.SetRemoved();
        _removed++;
        range.Notifier.Ranges.Remove(range.Handle);
        _ranges.Remove(KeyOf(range.Range.Start, range.Range.Length));
    }

    private void RemoveIfUnused(SvmNotifier notifier)
    {
        if (!_isClosed && notifier.Ranges.Count == 0 && notifier.Holders == 0)
        {
            _notifiers.Remove(notifier.Handle);
            Mm.Notifiers.RemoveDeferred(notifier.Interval);
        }
    }

    private bool MayAllocate() => _options.AllocationGate?.Invoke() ?? true;

    private void ThrowIfForeign(SvmRange range)
    {
        if (range.Notifier.Space != this)
        {
            throw new ArgumentException("The range is of another space.", nameof(range));
        }
    }

    /// <summary>
    /// Names the aligned block of a size, a power of two, that holds an address: its start, and the size where a start has zeroes.
    /// </summary>
    private static ulong KeyOf(VirtualAddress address, ulong size) =>
        (address.Value & ~(size - 1)) | (uint)BitOperations.Log2(size);

    /// <summary>The aligned block of a size, a power of two, that holds an address.</summary>
    private static AddressRange BlockAround(VirtualAddress address, ulong size) =>
        AddressRange.FromLength(address.Value & ~(size - 1), size);
}
