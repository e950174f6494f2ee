using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Mm;

/// <summary>The page frames of a device's memory, which pages can be migrated to.</summary>
/// <remarks>
/// The device says which of its frames are free; here is counted who uses those that are not. Frames of
/// <see cref="DevicePageKind.Private"/> have numbers beyond those of the system's memory, and no bytes that the CPU could reach; those of
/// <see cref="DevicePageKind.Coherent"/> are a run of the system memory's. Thread-safe. Source: Linux struct dev_pagemap.
/// </remarks>
public sealed class DevicePagemap : IDisposable
{
    private readonly PageFrames _frames;
    private readonly NativeReservation? _states;

    internal DevicePagemap(PageFrames frames, DevicePageKind kind, FrameNumber firstFrame, ulong pageCount, IDevicePagemapOwner operations, object owner)
    {
        _frames = frames;
        Kind = kind;
        FirstFrame = firstFrame;
        PageCount = pageCount;
        Operations = operations;
        Owner = owner;
        if (kind == DevicePageKind.Private)
        {
            _states = new NativeReservation(StateBytes(pageCount));
        }
    }

    /// <summary>Whether the CPU can reach the memory.</summary>
    public DevicePageKind Kind { get; }

    /// <summary>The first frame; the others follow.</summary>
    public FrameNumber FirstFrame { get; }

    /// <summary>Number of frames.</summary>
    public ulong PageCount { get; }

    /// <summary>Who may take pages of this device for its own; devices that reach each other's memory share an owner. Source: Linux pgmap->owner.</summary>
    public object Owner { get; }

    /// <summary>What the device does for its frames.</summary>
    internal IDevicePagemapOwner Operations { get; }

    /// <summary>Number of frames in use: given out by <see cref="Begin"/> and not yet freed. Counted when asked: O(<see cref="PageCount"/>).</summary>
    public long UsedFrames => _frames.CountUsed(FirstFrame, PageCount);

    /// <summary>Whether a frame is one of these.</summary>
    public bool Contains(FrameNumber frame) => frame.Value >= FirstFrame.Value && frame.Value - FirstFrame.Value < PageCount;

    /// <summary>Begins the use of a free frame as the destination of a migration: it has one reference and is locked.</summary>
    /// <param name="frame">A frame that the device knows to be free.</param>
    /// <param name="data">A word of the device's own, which stays with the page.</param>
    /// <returns>The frame, as <see cref="MigrateVma.Destination"/> takes it; the migration unlocks it.</returns>
    /// <exception cref="ArgumentException">It is not of this device, or in use.</exception>
    /// <remarks>Source: Linux zone_device_page_init.</remarks>
    public MigratePfn Begin(FrameNumber frame, ulong data = 0)
    {
        if (!Contains(frame) || !_frames.TryBeginDevicePage(frame, data))
        {
            throw new ArgumentException($"{frame} is not a free frame of the device.", nameof(frame));
        }

        return MigratePfn.Of(frame);
    }

    /// <summary>Begins the use of 512 free frames as a huge page, the destination of a migration: it has one reference and is locked.</summary>
    /// <param name="head">The first: a multiple of 512. The device knows all of them to be free.</param>
    /// <param name="data">A word of the device's own, which stays with the page, and with each of its parts once it is split.</param>
    /// <returns>The huge page, as <see cref="MigrateVma.Destination"/> takes it; the migration unlocks it.</returns>
    /// <exception cref="ArgumentException">They are not of this device, in use, or not aligned.</exception>
    public MigratePfn BeginHuge(FrameNumber head, ulong data = 0)
    {
        if (!HugePage.IsHead(head) || !Contains(head) || !Contains(head + (HugePage.PageCount - 1)) ||
            !_frames.TryBeginDeviceHuge(head, data))
        {
            throw new ArgumentException($"{head} is not the first of 512 free frames of the device.", nameof(head));
        }

        return MigratePfn.OfHuge(head);
    }

    /// <summary>The device's word of a frame in use.</summary>
    public ulong DataOf(FrameNumber frame) => _frames.DeviceDataOf(frame);

    /// <summary>Gives the memory of the frames' states back; nobody looks at them any more. Only <see cref="PageFrames"/> knows when.</summary>
    void IDisposable.Dispose() => _states?.Dispose();

    /// <summary>Gives the memory of the frames' states back, which can be read still: as those of free frames.</summary>
    internal void Discard() => _states?.Discard(0, StateBytes(PageCount));

    /// <summary>Notes frames that are free again, and tells the device.</summary>
    internal void End(FrameNumber frame, int pages) => Operations.Freed(frame, pages);

    /// <summary>The state of a private frame.</summary>
    internal ref FrameState StateOf(FrameNumber frame)
    {
        ulong index = frame.Value - FirstFrame.Value;
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, PageCount, nameof(frame));
        return ref _states!.At<FrameState>(index);
    }

    /// <summary>A window of private frames.</summary>
    /// <param name="frame">One that it holds: of these.</param>
    /// <param name="limit">Most frames; a power of two.</param>
    internal FrameWindow WindowAt(FrameNumber frame, ulong limit)
    {
        FrameNumber first = FirstFrame + ((frame.Value - FirstFrame.Value) & ~(limit - 1));
        ulong count = Math.Min(limit, PageCount - (first.Value - FirstFrame.Value));
        return new FrameWindow(first, StatesOf(first, (int)count), this);
    }

    /// <summary>The states of private frames that follow each other.</summary>
    internal Span<FrameState> StatesOf(FrameNumber head, int count)
    {
        ulong size = (ulong)Unsafe.SizeOf<FrameState>();
        return MemoryMarshal.Cast<byte, FrameState>(_states!.Bytes((head.Value - FirstFrame.Value) * size, count * (int)size));
    }

    /// <summary>Memory for the states of some frames: whole pages.</summary>
    private static ulong StateBytes(ulong pages) => Page.Count(pages * (ulong)Unsafe.SizeOf<FrameState>()) * Page.Size;
}
