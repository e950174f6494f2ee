namespace GpuSvm.Mm;

/// <content>Frames of devices.</content>
public sealed partial class PageFrames
{
    /// <summary>Numbers of a device's private frames begin at multiples of this, beyond any memory: 2^32 frames are 16 TiB.</summary>
    internal const int DeviceShift = 32;

    private const int DeviceLimit = 255;
    private DevicePagemap?[] _pagemaps = [];
    private DevicePagemap[] _coherent = [];
    private readonly List<DevicePagemap> _removed = [];

    /// <summary>Adds the frames of a device, none of which is in use.</summary>
    /// <param name="kind">Whether the CPU can reach them.</param>
    /// <param name="pages">Number of frames: 1 to 2^32.</param>
    /// <param name="operations">What the device does for them.</param>
    /// <param name="owner">See <see cref="DevicePagemap.Owner"/>.</param>
    /// <param name="pagemap">The frames; null on failure.</param>
    /// <returns>ENOMEM: no run of memory for a coherent device (see <see cref="PageFramesOptions.PooledFrames"/>). ENOSPC: 255 devices are there.</returns>
    /// <remarks>A coherent device gets the lowest run that is long enough; see <see cref="TryAddDeviceAt"/>.</remarks>
    public Errno TryAddDevice(DevicePageKind kind, ulong pages, IDevicePagemapOwner operations, object owner, out DevicePagemap? pagemap)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfZero(pages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, 1UL << DeviceShift);
        pagemap = null;
        using (_lock.Enter())
        {
            if (kind == DevicePageKind.Coherent)
            {
                if (!_runs.TryTake(pages, out FrameNumber run))
                {
                    return Errno.ENOMEM;
                }

                pagemap = AddCoherent(run, pages, operations, owner);
                return Errno.None;
            }

            int slot = Array.IndexOf(_pagemaps, null);
            slot = slot < 0 ? _pagemaps.Length : slot;
            if (slot == DeviceLimit)
            {
                return Errno.ENOSPC;
            }

            pagemap = new DevicePagemap(this, kind, new FrameNumber((ulong)(slot + 1) << DeviceShift), pages, operations, owner);
            SharedWord.Write(ref _pagemaps, [.. _pagemaps[..slot], pagemap, .. _pagemaps.Skip(slot + 1)]);
            return Errno.None;
        }
    }

    /// <summary>Adds the frames of a coherent device where the device shows them to the CPU; none of them is in use.</summary>
    /// <param name="first">The first frame.</param>
    /// <param name="pages">Number of frames: 1 to 2^32.</param>
    /// <param name="operations">What the device does for them.</param>
    /// <param name="owner">See <see cref="DevicePagemap.Owner"/>.</param>
    /// <param name="pagemap">The frames; null on failure.</param>
    /// <returns>EBUSY: not all of them are free, or some are handed out one by one (<see cref="PageFramesOptions.PooledFrames"/>).</returns>
    /// <remarks>Source: Linux memremap_pages, whose driver names the range of a bus or a node.</remarks>
    public Errno TryAddDeviceAt(FrameNumber first, ulong pages, IDevicePagemapOwner operations, object owner, out DevicePagemap? pagemap)
    {
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(owner);
        ArgumentOutOfRangeException.ThrowIfZero(pages);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(pages, 1UL << DeviceShift);
        pagemap = null;
        using (_lock.Enter())
        {
            bool isTaken = _runs.TryTakeAt(first, pages);
            pagemap = isTaken ? AddCoherent(first, pages, operations, owner) : null;
            return isTaken ? Errno.None : Errno.EBUSY;
        }
    }

    /// <summary>Takes the frames of a device away. Whoever waits for a page that lived there goes on.</summary>
    /// <remarks>
    /// A frame counts as free a moment before the device hears of it: its memory is empty when it has heard of all
    /// (<see cref="IDevicePagemapOwner.Freed"/>).
    /// </remarks>
    /// <exception cref="InvalidOperationException">A page lives there still: migrate it away first.</exception>
    public void RemoveDevice(DevicePagemap pagemap)
    {
        ArgumentNullException.ThrowIfNull(pagemap);
        if (pagemap.UsedFrames != 0)
        {
            throw new InvalidOperationException($"{pagemap.UsedFrames} pages live in the device's memory.");
        }

        using (_lock.Enter())
        {
            if (pagemap.Kind == DevicePageKind.Coherent)
            {
                SharedWord.Write(ref _coherent, [.. _coherent.Where(other => other != pagemap)]);
                _runs.Return(pagemap.FirstFrame, pagemap.PageCount);
            }
            else
            {
                SharedWord.Write(ref _pagemaps, [.. _pagemaps.Select(other => other == pagemap ? null : other)]);
                _removed.Add(pagemap);
            }
        }

        // Who was about to wait for one of its pages may still look at its state.
        pagemap.Discard();
    }

    /// <summary>The device whose frame this is; null for system memory.</summary>
    public DevicePagemap? PagemapOf(FrameNumber frame)
    {
        if (IsDevicePrivate(frame))
        {
            return PrivateOf(frame);
        }

        foreach (DevicePagemap coherent in SharedWord.Read(ref _coherent))
        {
            if (coherent.Contains(frame))
            {
                return coherent;
            }
        }

        return null;
    }

    /// <summary>True if the CPU cannot reach a frame: it is of a device's private memory.</summary>
    public bool IsDevicePrivate(FrameNumber frame) => frame.Value >= _count;

    /// <summary>Locks a device's free frame and gives it its first reference.</summary>
    /// <returns>False when it is in use.</returns>
    /// <remarks>By plain writes: who looks for pages of a device by number takes a reference of those in use before he tries the lock.</remarks>
    internal bool TryBeginDevicePage(FrameNumber frame, ulong data)
    {
        // A part of a huge page has no reference of its own.
        ref FrameState state = ref OwnStateOf(frame);
        if (HasFlags(ref state, FrameFlags.Tail) || SharedWord.Read(ref state.References) != 0)
        {
            return false;
        }

        PageLocks.BeginHeld(ref state.Lock);
        SharedWord.Write(ref state.Flags, 0);
        SharedWord.Write(ref state.DeviceData, data);
        SharedWord.Write(ref state.References, 1);
        return true;
    }

    /// <summary>Gives 512 free frames of a device their first reference, as one huge page.</summary>
    /// <returns>False when one of them is in use.</returns>
    internal bool TryBeginDeviceHuge(FrameNumber head, ulong data)
    {
        Span<FrameState> states = StatesOf(head);
        int used = 0;
        foreach (ref readonly FrameState state in states)
        {
            // The device knows its free frames: plain reads find its mistakes.
            used |= state.References | (state.Flags & (int)FrameFlags.Tail);
        }

        if (used != 0)
        {
            return false;
        }

        PageLocks.BeginHeld(ref states[0].Lock);
        BeginHuge(head, data);
        return true;
    }

    /// <summary>Number of frames of a run that are in use; parts of huge pages count.</summary>
    internal long CountUsed(FrameNumber first, ulong count)
    {
        long used = 0;
        for (ulong i = 0; i < count; i++)
        {
            used += ReferenceCount(first + i) != 0 ? 1 : 0;
        }

        return used;
    }

    /// <summary>The device's word of a frame.</summary>
    internal ulong DeviceDataOf(FrameNumber frame) => SharedWord.Read(ref StateOf(frame).DeviceData);

    private DevicePagemap AddCoherent(FrameNumber first, ulong pages, IDevicePagemapOwner operations, object owner)
    {
        var pagemap = new DevicePagemap(this, DevicePageKind.Coherent, first, pages, operations, owner);
        SharedWord.Write(ref _coherent, [.. _coherent, pagemap]);
        return pagemap;
    }

    private DevicePagemap? PrivateOf(FrameNumber frame)
    {
        DevicePagemap?[] pagemaps = SharedWord.Read(ref _pagemaps);
        ulong slot = (frame.Value >> DeviceShift) - 1;
        return slot < (ulong)pagemaps.Length && pagemaps[slot] is { } pagemap && pagemap.Contains(frame) ? pagemap : null;
    }

    private ref FrameState DeviceStateOf(FrameNumber frame)
    {
        // The pagemap looks whether the frame is one of its own.
        ulong slot = frame.Value >> DeviceShift;
        DevicePagemap?[] pagemaps = SharedWord.Read(ref _pagemaps);
        if (slot == 0 || slot > (ulong)pagemaps.Length || pagemaps[slot - 1] is not { } pagemap)
        {
            throw NoSuchFrame(frame);
        }

        return ref pagemap.StateOf(frame);
    }

    private static ArgumentOutOfRangeException NoSuchFrame(FrameNumber frame) =>
        new(nameof(frame), frame, "There is no such frame.");

    private Span<FrameState> DeviceStatesOf(FrameNumber head) =>
        PrivateOf(head) is { } pagemap
            ? pagemap.StatesOf(head, HugePage.PageCount)
            : throw NoSuchFrame(head);
}
