namespace GpuSvm.HmmTests;

/// <summary>A device as one address space has opened it: the device's mirror of that address space, and what it can be told to do there.</summary>
/// <remarks>
/// One notifier covers every address. Commands may be given by several threads at once; none of them holds a lock.
/// Source: Linux lib/test_hmm.c, struct dmirror, dmirror_fops_unlocked_ioctl.
/// </remarks>
public sealed partial class DeviceFile : IMirror, IDisposable
{
    private readonly TestDevice _device;
    private readonly MirrorTable _mirror = new();
    private readonly IntervalNotifier _notifier;

    // Null unless the next allocation of a huge page has to fail.
    private object? _failure;

    internal DeviceFile(TestDevice device, AddressSpace space)
    {
        ArgumentNullException.ThrowIfNull(space);
        _device = device;
        Space = space;
        _notifier = new IntervalNotifier(this);
    }

    /// <summary>The address space.</summary>
    public AddressSpace Space { get; }

    /// <inheritdoc/>
    public object Owner => _device;

    /// <inheritdoc/>
    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    /// <summary>Number of pages that the device can reach without asking.</summary>
    public int MirroredPages
    {
        get
        {
            using (UpdateLock.Enter())
            {
                return _mirror.Count;
            }
        }
    }

    /// <summary>Carries a command out.</summary>
    /// <param name="verb">What to do.</param>
    /// <param name="command">To which pages; what came of it is only told on success.</param>
    /// <param name="buffer">What is read is put here, what is written taken from here: a page each, for a snapshot a byte each.</param>
    /// <returns>
    /// EINVAL: closed; unaligned, empty or beyond 2^64; for migration a page that is not mapped, or not readable. EFAULT: the buffer is too
    /// short, or a page cannot be had. EPERM: it may not be written. ENOENT: a page did not move to the device. EBUSY: a deadline passed.
    /// ENOMEM: no memory left.
    /// </returns>
    public Errno Run(DeviceVerb verb, ref DeviceCommand command, Span<byte> buffer)
    {
        // In the kernel's arithmetic: a length whose high bits are lost may pass.
        ulong start = command.Address;
        ulong end = unchecked(start + (command.PageCount << Page.Shift));
        if (!_notifier.IsInserted || !Page.IsAligned(start) || start >= end)
        {
            return Errno.EINVAL;
        }

        var range = new AddressRange(start, end);
        DeviceCommand done = command with { CopiedPages = 0, Faults = 0 };
        Errno error = verb switch
        {
            DeviceVerb.Read => Read(range, ref done, buffer),
            DeviceVerb.Write => Write(range, ref done, buffer),
            DeviceVerb.Snapshot => Snapshot(range, buffer),
            DeviceVerb.MigrateToDevice => MigrateToDevice(range, ref done, buffer),
            DeviceVerb.MigrateToSystem => MigrateToSystem(range, ref done),
            DeviceVerb.MakeExclusive => MakeExclusive(range, ref done, buffer),
            DeviceVerb.CheckExclusive => CheckExclusive(range),
            DeviceVerb.Release => _device.Release(Space.Clock.After(Deadline.Default)),
            DeviceVerb.SetFlags => SetFlags(command.PageCount),
            _ => Errno.EINVAL,
        };
        command = error == Errno.None ? done : command;
        return error;
    }

    /// <inheritdoc/>
    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        // Whoever moves pages for the device has it drop them itself, when nothing brings them back.
        if (invalidation.Cause != InvalidationCause.Migrate || invalidation.Owner != _device)
        {
            _mirror.Drop(invalidation.Range);
        }

        return true;
    }

    /// <summary>Closes the file; the device does not mirror the address space any more. A second call does nothing.</summary>
    public void Dispose()
    {
        if (_notifier.IsInserted)
        {
            Space.Notifiers.Remove(_notifier);
            _device.Forget(this);
        }
    }

    internal bool TryStart() => Space.Notifiers.Insert(_notifier, new AddressRange(0UL, Page.AlignDown(ulong.MaxValue))) == Errno.None;

    /// <summary>True if the allocation of a huge page that is to be made now has to fail: once for each time that was asked for.</summary>
    internal bool TakeFailure() => SharedWord.Exchange(ref _failure, null) is not null;

    /// <summary>Drops the pages that a migration has collected.</summary>
    internal void Drop(MigrateVma migration)
    {
        using (UpdateLock.Enter())
        {
            ulong page = migration.Range.Start;
            foreach (MigratePfn source in migration.Source)
            {
                if (source.Migrates)
                {
                    _mirror.Drop(AddressRange.FromLength(page, (ulong)TestDevice.PagesOf(source) * Page.Size));
                }

                page += Page.Size;
            }
        }
    }

    private Errno SetFlags(ulong flags)
    {
        SharedWord.Write(ref _failure, ((DeviceFlags)flags & DeviceFlags.FailAllocation) != 0 ? this : null);
        return Errno.None;
    }
}
