using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Controls.Scenarios.Mm;

/// <summary>Devices look pages up and keep them in a shadow table, while the CPU replaces the mappings under them.</summary>
/// <remarks>
/// Freed frames are poisoned, and each page holds a mark of its own. A device that finds anything but zero or the page's mark through
/// its shadow table holds an entry that the collision-retry protocol should have kept out.
/// </remarks>
public sealed class CollisionRetryScenario : IControlScenario, IDisposable
{
    private const ulong Base = 0x1fc000;
    private const int Pages = 8;
    private readonly SystemMemory _memory = new(256);
    private readonly PageFrames _frames;
    private readonly SimulatedCpu _cpu;
    private readonly AddressSpace _mm;
    private readonly Device _device = new();
    private readonly WakeEvent _found = new();
    private bool _stop;
    private long _entries;
    private long _changes;
    private long _stale;

    /// <summary>Makes the machine.</summary>
    public CollisionRetryScenario()
    {
        _frames = new PageFrames(_memory, new PageFramesOptions());
        _cpu = new SimulatedCpu(_memory, 2);
        _mm = new AddressSpace(_frames, _cpu, new AddressSpaceOptions());
    }

    /// <inheritdoc/>
    public string Name => "collision-retry";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        for (int page = 0; page < Pages; page++)
        {
            Replace(AddressOf(page), 1);
        }

        SvmThread[] threads =
        [
            SvmThread.Start("cpu 0", () => Mutate(_cpu.Thread(0), new SeededRandom(1))),
            SvmThread.Start("cpu 1", () => Mutate(_cpu.Thread(1), new SeededRandom(2))),
            SvmThread.Start("device 0", () => Use(new SeededRandom(3))),
            SvmThread.Start("device 1", () => Use(new SeededRandom(4))),
        ];
        _found.Wait(deadline);
        Volatile.Write(ref _stop, true);
        Array.ForEach(threads, thread => thread.Join());
        _mm.Dispose();
        log.WriteLine($"{_entries} entries, {_changes} changes, {_stale} stale, {_frames.AllocatedFrames} frames left");
        bool left = _frames.AllocatedFrames > 0 || _mm.Notifiers.Count > 0;
        return _stale > 0 || left ? Verdict.Caught : _entries > 100 && _changes > 100 ? Verdict.Clean : Verdict.Inconclusive;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _mm.Dispose();
        _frames.Dispose();
        _memory.Dispose();
    }

    private static ulong AddressOf(int page) => Base + ((ulong)page * Page.Size);

    private void Mutate(CpuThread cpu, SeededRandom random)
    {
        while (!Volatile.Read(ref _stop))
        {
            int page = random.Next(Pages);
            int count = Math.Min(1 + random.Next(3), Pages - page);
            if (random.Next(4) == 0)
            {
                _mm.Protect(AddressOf(page), Page.Size, Protection.Read);
                _mm.Protect(AddressOf(page), Page.Size, Protection.ReadWrite);
            }

            Replace(AddressOf(page), count);
            try
            {
                cpu.Store(AddressOf(page), (long)page + 1);
            }
            catch (SegmentationFaultException)
            {
                // The other thread protects it just now.
            }

            Interlocked.Increment(ref _changes);
        }
    }

    private void Replace(ulong address, int pages)
    {
        Errno error = _mm.Map(address, (ulong)pages * Page.Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"{error}");
        }
    }

    /// <summary>Inserts a notifier for one page after the other, looks the page up, enters it, and reads through the entry.</summary>
    private void Use(SeededRandom random)
    {
        var notifier = new IntervalNotifier(_device);
        while (!Volatile.Read(ref _stop))
        {
            int page = random.Next(Pages);
            AddressRange range = AddressRange.PageAt(AddressOf(page));
            _mm.Notifiers.Insert(notifier, range);
            for (int i = 0; i < 16; i++)
            {
                TryEnter(notifier, range, page, random);
                Look(page);
            }

            using (_device.UpdateLock.Enter())
            {
                _device.Shadow[page] = null;
            }

            _mm.Notifiers.Remove(notifier);
        }
    }

    private void TryEnter(IntervalNotifier notifier, AddressRange range, int page, SeededRandom random)
    {
        if (!notifier.TryReadBegin(_mm.Clock.After(Deadline.Default), out long sequence))
        {
            return;
        }

        Span<HmmPfn> pfns = [default];
        var look = new HmmRange
        {
            Notifier = notifier,
            Sequence = sequence,
            Range = range,
            Pfns = pfns,
            DefaultFlags = HmmPfn.RequestFault,
        };
        Errno error;
        using (_mm.MmapLock.EnterShared())
        {
            error = HmmRangeFault.Fault(_mm, ref look);
        }

        if (error != Errno.None)
        {
            return;
        }

        Thread.SpinWait(random.Next(1000));
        using (_device.UpdateLock.Enter())
        {
            if (!notifier.ReadRetry(sequence))
            {
                _device.Shadow[page] = pfns[0].Frame;
                Interlocked.Increment(ref _entries);
            }
        }
    }

    /// <summary>A device access: an invalidation waits for it, since it holds the lock that the callback takes.</summary>
    private void Look(int page)
    {
        using (_device.UpdateLock.Enter())
        {
            if (_device.Shadow[page] is { } frame)
            {
                long value = AlignedWord.Read<long>(ref _memory.At(frame.Address));
                bool isFree = frame != _frames.ZeroFrame && _frames.ReferenceCount(frame) == 0;
                if (isFree || (value != 0 && value != page + 1))
                {
                    Interlocked.Increment(ref _stale);
                    _found.Set();
                }
            }
        }
    }

    private sealed class Device : IMirror
    {
        public RankedLock UpdateLock { get; } = new(LockRank.Update);

        public FrameNumber?[] Shadow { get; } = new FrameNumber?[Pages];

        public bool Invalidate(IntervalNotifier notifier, in Invalidation invalidation)
        {
            for (int page = 0; page < Pages; page++)
            {
                if (invalidation.Range.Contains(new VirtualAddress(AddressOf(page))))
                {
                    Shadow[page] = null;
                }
            }

            return true;
        }
    }
}
