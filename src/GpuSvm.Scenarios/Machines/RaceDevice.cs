using System.Runtime.InteropServices;

namespace GpuSvm.Scenarios;

/// <summary>A device with a page table of its own and memory that the CPU cannot reach; it follows the address space as a driver does.</summary>
/// <remarks>
/// An access is one look at the table and one at the memory under the update lock: so it has ended when an invalidation has been heard.
/// </remarks>
internal sealed partial class RaceDevice : IMirror, IDevicePagemapOwner
{
    private const int Frames = 3;
    private const int Words = 4;
    private const int Tries = 1000;
    private readonly AddressSpace _mm;
    private readonly DevicePagemap _pagemap;
    private readonly IntervalNotifier _notifier;
    private readonly RankedLock _freeLock = new(LockRank.Device);
    private readonly Stack<FrameNumber> _free = new();
    private readonly ulong[][] _words = [.. Enumerable.Range(0, Frames).Select(_ => new ulong[Words])];
    private readonly HmmPfn[] _table = new HmmPfn[DeviceMachine.PageCount];

    public RaceDevice(AddressSpace mm)
    {
        _mm = mm;
        _notifier = new IntervalNotifier(this);
        Errno error = mm.Frames.TryAddDevice(DevicePageKind.Private, Frames, this, this, out DevicePagemap? pagemap);
        SmallMachine.Demand(error == Errno.None, $"A device can be added: {error}.");
        _pagemap = pagemap!;
        for (ulong i = 0; i < Frames; i++)
        {
            _free.Push(_pagemap.FirstFrame + i);
        }

        error = mm.Notifiers.Insert(_notifier, AddressRange.FromLength(DeviceMachine.Address, DeviceMachine.PageCount * Page.Size));
        SmallMachine.Demand(error == Errno.None, $"A notifier can be inserted: {error}.");
    }

    public RankedLock UpdateLock { get; } = new(LockRank.Update);

    public object Owner => this;

    /// <summary>Loads a word, faulting its page in where needed.</summary>
    public ulong Load(int page, int word) => Access(page, HmmPfn.Valid, frame => WordOf(frame, word));

    /// <summary>Stores a word, faulting its page in where needed.</summary>
    public void Store(int page, int word, ulong value) =>
        Access(page, HmmPfn.Valid | HmmPfn.Write, frame => WordOf(frame, word) = value);

    /// <summary>Counts a word up by loads and stores, which nobody else stores to.</summary>
    public void Count(int page, int word, ulong times)
    {
        for (ulong i = 0; i < times; i++)
        {
            ulong before = Load(page, word);
            SmallMachine.Demand(before == i, $"No store of the device is lost: {before} of {i}.");
            Store(page, word, i + 1);
        }
    }

    /// <summary>Adds one to a word in two steps, while the page is this device's alone.</summary>
    public void AddExclusively(int page, int word)
    {
        for (int i = 0; i < Tries; i++)
        {
            Demand(_notifier.TryReadBegin(_mm.Clock.After(Deadline.Default), out long sequence), "A reader goes on.");
            Errno error;
            FrameNumber frame;
            using (_mm.MmapLock.EnterShared())
            {
                error = DeviceExclusive.TryMake(_mm, DeviceMachine.WordAt(page, word), this, out frame);
            }

            if (error == Errno.EBUSY)
            {
                continue;
            }

            Demand(error == Errno.None, $"A page can be had alone: {error}.");
            bool isDone = false;
            using (UpdateLock.Enter())
            {
                if (!_notifier.ReadRetry(sequence))
                {
                    ulong before = WordOf(frame, word);
                    SchedulePoint.Reach(SchedulePointKind.Word);
                    WordOf(frame, word) = before + 1;
                    isDone = true;
                }
            }

            _mm.Frames.Unlock(frame);
            _mm.Frames.Put(frame);
            if (isDone)
            {
                return;
            }
        }

        throw new InvariantException("A device never had a page alone.");
    }

    public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
    {
        bool isOwn = ReferenceEquals(invalidation.Owner, this);
        if (!isOwn)
        {
            Drop(invalidation.Range);
        }

        return true;
    }

    public void Freed(FrameNumber frame, int pages)
    {
        using (_freeLock.Enter())
        {
            _free.Push(frame);
        }
    }

    /// <summary>Empties its memory, which the CPU may touch meanwhile, and takes it away.</summary>
    public void GoAway()
    {
        var spin = default(Spin);
        for (int i = 0; !IsEmpty; i++)
        {
            Demand(i < Tries, "A device's memory can be emptied.");
            Evict();
            spin.Once();
        }

        Leave();
        Remove();
    }

    /// <summary>Parts with the address space.</summary>
    public void Leave() => _mm.Notifiers.Remove(_notifier);

    /// <summary>Takes the memory away; nothing lives there.</summary>
    public void Remove() => _mm.Frames.RemoveDevice(_pagemap);

    /// <summary>True when it has heard of all frames that they are free.</summary>
    private bool IsEmpty
    {
        get
        {
            using (_freeLock.Enter())
            {
                return _free.Count == Frames;
            }
        }
    }

    private static void Demand(bool holds, string sentence) => SmallMachine.Demand(holds, sentence);

    private ulong Access(int page, HmmPfn rights, Func<FrameNumber, ulong> touch)
    {
        for (int i = 0; i < Tries; i++)
        {
            using (UpdateLock.Enter())
            {
                if (_table[page].Has(rights))
                {
                    return touch(_table[page].Frame);
                }
            }

            FaultIn(page, rights);
        }

        throw new InvariantException("A device never had a page that it wanted.");
    }

    private void FaultIn(int page, HmmPfn rights)
    {
        Span<HmmPfn> pfns = [default];
        Demand(_notifier.TryReadBegin(_mm.Clock.After(Deadline.Default), out long sequence), "A reader goes on.");
        var range = new HmmRange
        {
            Notifier = _notifier,
            Sequence = sequence,
            Range = AddressRange.PageAt(DeviceMachine.WordAt(page, 0)),
            DefaultFlags = rights,
            Pfns = pfns,
            Owner = this,
        };
        Errno error;
        using (_mm.MmapLock.EnterShared())
        {
            error = HmmRangeFault.Fault(_mm, ref range);
            if (error == Errno.None && !pfns[0].Has(rights))
            {
                // A page of its own memory that a fork has shared: it comes home, and is copied there.
                error = _mm.HandleFaultLocked(DeviceMachine.WordAt(page, 0), CpuAccess.Write);
            }
        }

        if (error == Errno.EFAULT)
        {
            throw new SvmException(error, "No device has a page whose bytes are lost.");
        }

        Demand(error is Errno.None or Errno.EBUSY, $"A mapped page can be had: {error}.");
        if (error == Errno.None && pfns[0].Has(rights))
        {
            Enter(page, pfns[0], sequence);
        }
    }

    private void Enter(int page, HmmPfn pfn, long sequence)
    {
        using (UpdateLock.Enter())
        {
            if (!_notifier.ReadRetry(sequence))
            {
                _table[page] = pfn;
            }
        }
    }

    /// <summary>Drops the table's entries of a range. Under the update lock.</summary>
    private void Drop(AddressRange range)
    {
        for (int page = 0; page < DeviceMachine.PageCount; page++)
        {
            if (range.Contains(DeviceMachine.WordAt(page, 0)))
            {
                _table[page] = default;
            }
        }
    }

    private ref ulong WordOf(FrameNumber frame, int word)
    {
        if (_pagemap.Contains(frame))
        {
            return ref _words[frame.Value - _pagemap.FirstFrame.Value][word];
        }

        Demand(!_mm.Frames.IsDevicePrivate(frame), "A device looks into no memory that only another can reach.");
        return ref MemoryMarshal.Cast<byte, ulong>(_mm.Frames.Memory.Frame(frame))[word];
    }
}
