namespace GpuSvm.Driver;

/// <summary>Lasting intervals on a fixed grid: each covers the addresses of one node, made by its first fault and gone when it is empty.</summary>
/// <remarks>
/// <para>
/// The grid follows the GPU's page table, not the mappings: so an interval has one place for as long as it lives, is never cut, and is
/// found by its number in a table, without a lock. The price is that changes of other mappings in the same node reach it too.
/// </para>
/// <para>
/// A callback drops the GPU's entries. An unmap that leaves the node without any takes it out of the table and removes its interval,
/// put off until the invalidations that run have ended; who faults meanwhile makes a new one. A node is only made where something is
/// mapped, so the unmap of that comes by and takes it away again, whether the GPU got entries or not.
/// </para>
/// <para>
/// Who has found an interval that leaves is safe by construction: the object lives as long as somebody holds it, but confirms no read any
/// more (<see cref="IntervalNotifier.IsRemoved"/>). Disposing removes every interval and waits until no callback can come.
/// </para>
/// <para>
/// Source: the review of "nouveau: use new mmu interval notifiers" (J. Gunthorpe, 2020), which describes Linux
/// drivers/infiniband/hw/mlx5/odp.c, implicit on-demand paging.
/// </para>
/// </remarks>
public sealed class TableAlignedStrategy : IMirrorStrategy, IMirror
{
    private const ulong SmallestNode = 2 << 20;

    private readonly AddressSpace _mm;
    private readonly GpuMirror _mirror;
    private readonly NodeTable _nodes;
    private CallbackCounts _callbacks;
    private int _intervals;

    /// <summary>Starts to mirror an address space, with nodes of <see cref="DefaultNodeSize"/>.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="mirror">The GPU's entries for it.</param>
    public TableAlignedStrategy(AddressSpace mm, GpuMirror mirror)
        : this(mm, mirror, DefaultNodeSize)
    {
    }

    /// <summary>Starts to mirror an address space.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="mirror">The GPU's entries for it.</param>
    /// <param name="nodeSize">Bytes of a node: a power of two, 2 MiB at least and no more than the GPU can translate.</param>
    /// <exception cref="ArgumentOutOfRangeException">The size is no such number.</exception>
    public TableAlignedStrategy(AddressSpace mm, GpuMirror mirror, ByteSize nodeSize)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(mirror);
        ulong size = nodeSize.Bytes;
        if (!System.Numerics.BitOperations.IsPow2(size) || size < SmallestNode || size > mirror.Bounds.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(nodeSize), nodeSize, "A node is a power of two of bytes, at least 2 MiB.");
        }

        _mm = mm;
        _mirror = mirror;
        _nodes = new NodeTable(mirror.Bounds, size);
    }

    /// <summary>Bytes of a node unless said otherwise: 1 GiB, as in the review.</summary>
    public static ByteSize DefaultNodeSize => ByteSize.GiB(1);

    /// <inheritdoc/>
    public string Name => "table-aligned";

    /// <summary>Number of intervals, until they are released.</summary>
    public int Intervals => SharedWord.Read(ref _intervals);

    /// <inheritdoc/>
    public MirrorStatistics Statistics
    {
        get
        {
            using (UpdateLock.Enter())
            {
                return _callbacks.With(Intervals, (Intervals * CallbackCounts.BytesPerInterval) + _nodes.Bytes);
            }
        }
    }

    /// <inheritdoc/>
    public RankedLock UpdateLock => _mirror.UpdateLock;

    /// <inheritdoc/>
    public object? Owner => _mirror;

    /// <inheritdoc/>
    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval) =>
        TryFind(wanted.Start, out interval) ? Errno.None : MakeNode(wanted.Start, out interval);

    /// <inheritdoc/>
    public void Release(in MirrorInterval interval)
    {
        // It lasts. A fault needs no hold on it: see the remarks on the class.
    }

    /// <inheritdoc/>
    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        ArgumentNullException.ThrowIfNull(notifier);
        if (_mirror.IsOwn(invalidation))
        {
            // The driver moves these pages itself, and has dropped their entries before.
            _callbacks.Add();
            return true;
        }

        _callbacks.Add(_mirror.Drop(invalidation.Range.Intersect(notifier.Range), invalidation.Cause));
        bool mayBeEmpty = invalidation.Cause is InvalidationCause.Unmap or InvalidationCause.Release && !notifier.IsRemoved;
        if (mayBeEmpty && !_mirror.HasEntries(notifier.Range))
        {
            _nodes.Write(notifier.Range.Start, null);
            _mm.Notifiers.RemoveDeferred(notifier);
        }

        return true;
    }

    /// <inheritdoc/>
    public void Released(IntervalNotifier notifier) => SharedWord.Add(ref _intervals, -1);

    /// <summary>Stops mirroring; waits until no callback runs or can come.</summary>
    public void Dispose()
    {
        using (UpdateLock.Enter())
        {
            // First the entries: what no interval guards must not stay mapped, not even while this lock is held.
            _mirror.Drop(_mirror.Bounds);
            foreach (IntervalNotifier notifier in _nodes.TakeAll())
            {
                _mm.Notifiers.RemoveDeferred(notifier);
            }
        }

        _mm.Notifiers.Synchronize();
        Checks.That(Intervals == 0, "Once deferred removals are waited for no interval is left.");
    }

    /// <summary>Finds the interval of a page's node: two reads, no lock.</summary>
    private bool TryFind(VirtualAddress page, out MirrorInterval interval)
    {
        IntervalNotifier? found = _nodes.Read(page);
        interval = found is null ? default : new MirrorInterval(found, _nodes.RangeAround(page));
        return found is not null;
    }

    private Errno MakeNode(VirtualAddress page, out MirrorInterval interval)
    {
        interval = default;
        var notifier = new IntervalNotifier(this);

        // With the mmap lock held nothing is unmapped until the interval is there: so the unmap will find it.
        using (_mm.MmapLock.EnterShared())
        {
            if (_mm.VmaAt(page) is null)
            {
                return Errno.EFAULT;
            }

            using (UpdateLock.Enter())
            {
                if (TryFind(page, out interval))
                {
                    return Errno.None;
                }

                Errno error = _mm.Notifiers.Insert(notifier, _nodes.RangeAround(page));
                if (error == Errno.None)
                {
                    SharedWord.Add(ref _intervals, 1);
                    _nodes.Write(page, notifier);
                    interval = new MirrorInterval(notifier, notifier.Range);
                }

                return error;
            }
        }
    }
}
