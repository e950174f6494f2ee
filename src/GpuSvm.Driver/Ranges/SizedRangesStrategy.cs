namespace GpuSvm.Driver;

/// <summary>Notifiers of fixed size with ranges of variable size in them: a <see cref="SvmSpace"/>, whose owner this is.</summary>
/// <remarks>
/// <para>
/// A fault finds or makes the range around it, the largest aligned chunk that fits, and <see cref="RangeService"/> brings in and maps all
/// of it. What is served page by page none the less (atomics on system memory, pages that cannot be had together, what a program has
/// moved) lies in a range, too: <see cref="TryAcquire"/> makes it. So the GPU has entries only where there is a range.
/// </para>
/// <para>
/// An unmap marks the ranges that it touches and notes them for the garbage collector, which runs on the driver's worker and at the
/// head of each fault. A range that is marked or gone guards nothing any more, whatever becomes of its notifier.
/// </para>
/// <para>Source: Linux drivers/gpu/drm/drm_gpusvm.c, "Examples"; xe_svm.c.</para>
/// </remarks>
public sealed partial class SizedRangesStrategy : IMirrorStrategy, ISvmRangeOwner
{
    /// <summary>A notifier with its nodes in two trees, as measured.</summary>
    private const long BytesPerNotifier = 400;

    /// <summary>A range with its places in a tree and in a table, as measured; without the blocks of its pages, 16 bytes each.</summary>
    private const long BytesPerRange = 280;

    private readonly GpuMirror _mirror;
    private readonly MirrorDevice _device;
    private CallbackCounts _callbacks;

    /// <summary>Starts to mirror an address space, as <see cref="SvmDriverOptions.Ranges"/> says.</summary>
    /// <param name="mm">The process's address space.</param>
    /// <param name="mirror">The GPU's entries for it.</param>
    /// <exception cref="ArgumentException">The mirror belongs to no driver, or the options break a rule of <see cref="SvmSpaceOptions"/>.</exception>
    public SizedRangesStrategy(AddressSpace mm, GpuMirror mirror)
    {
        ArgumentNullException.ThrowIfNull(mm);
        ArgumentNullException.ThrowIfNull(mirror);
        _mirror = mirror;
        _device = mirror.Device ?? throw new ArgumentException("The mirror belongs to no driver.", nameof(mirror));
        _collect = new WorkItem(CollectGarbage);
        SvmSpaceOptions options = _device.Ranges.ToSpaceOptions() with
        {
            Window = mirror.Bounds.Intersect(new AddressRange(0UL, CpuPageTable.AddressLimit)),
            Memory = _device.Memory,
            NotifierLock = mirror.UpdateLock,
        };
        Errno error = SvmSpace.TryCreate(mm, _device.Dma, this, options, out SvmSpace? space);
        Space = error == Errno.None ? space! : throw new ArgumentException("The options of the ranges break a rule.", nameof(mirror));
    }

    /// <summary>The ranges and notifiers.</summary>
    public SvmSpace Space { get; }

    /// <inheritdoc/>
    public string Name => "sized-ranges";

    /// <inheritdoc/>
    public MirrorStatistics Statistics
    {
        get
        {
            int notifiers = Space.NotifierCount;
            long bytes = (notifiers * BytesPerNotifier) + (Space.RangeCount * BytesPerRange);
            using (_mirror.UpdateLock.Enter())
            {
                return _callbacks.With(notifiers, bytes);
            }
        }
    }

    /// <inheritdoc/>
    object? ISvmRangeOwner.Owner => _mirror;

    /// <summary>The device's memory, if pages may live there.</summary>
    internal DeviceMemory? Memory => _device.Memory;

    /// <summary>What the program has said of its memory; null for nothing.</summary>
    internal ClientAdvice? Advice { get; set; }

    /// <inheritdoc/>
    public Errno TryAcquire(AddressRange wanted, int worker, out MirrorInterval interval)
    {
        CollectGarbage();
        Errno error = FindOrInsert(wanted.Start, new SvmContext { IsReadOnly = true }, out SvmRange? range);
        if (error == Errno.None)
        {
            using (_mirror.UpdateLock.Enter())
            {
                range!.HasLooseEntries = true;
            }
        }

        interval = error == Errno.None ? new MirrorInterval(range!.Notifier.Interval, range.Range, range) : default;
        return error switch
        {
            Errno.ENOENT => Errno.EFAULT,
            Errno.EFAULT => Errno.EINVAL,
            _ => error,
        };
    }

    /// <inheritdoc/>
    public void Release(in MirrorInterval interval)
    {
        // It lasts. A fault needs no hold on it: see the remarks on the class.
    }

    /// <summary>Stops mirroring; waits until no callback runs or can come.</summary>
    public void Dispose()
    {
        using (_mirror.UpdateLock.Enter())
        {
            // First the entries: what no notifier guards must not stay mapped.
            _mirror.Drop(_mirror.Bounds);
        }

        Space.Dispose();
        while (TryTakeGarbage(out SvmRange? range))
        {
            range.Put();
        }
    }

    /// <summary>Finds or makes the range of a page: no larger than what the client leaves, and what is advised alike.</summary>
    internal Errno FindOrInsert(VirtualAddress page, SvmContext context, out SvmRange? range)
    {
        AddressRange window = _mirror.MirroredAround(page, _mirror.Bounds).Intersect(ExtentAt(page, out _));
        context = context with
        {
            IsDeviceMemoryPossible = _device.Memory is not null,
            CheckPagesThreshold = _device.Ranges.CheckPagesThreshold,
        };
        return Space.FindOrInsert(page, window, context, out range);
    }

    /// <summary>What is advised at a page, and where it is advised alike.</summary>
    internal AddressRange ExtentAt(VirtualAddress page, out MemoryAdvice advice)
    {
        advice = MemoryAdvice.None;
        AddressRange extent = _mirror.Bounds;
        if (Advice is { } given)
        {
            advice = given.At(page, out extent);
        }

        return extent;
    }
}
