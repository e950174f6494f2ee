namespace GpuSvm.Mm.Tests;

/// <summary>A CPU whose frames are fixed, as a live process's are: it has entries of its own, and forgets bytes when it is detached.</summary>
internal sealed class FixedFrameCpu(SystemMemory memory, FixedFrameCpu? relative = null) : ICpu
{
    private const int RetryLimit = 10;
    private readonly Dictionary<ulong, (FrameNumber Frame, Protection Rights)> _entries = [];
    private ICpuFaultHandler? _handler;

    public CpuCapabilities Capabilities => CpuCapabilities.AliasableFrames;

    /// <summary>What was called, one line each.</summary>
    public List<string> Log { get; } = [];

    /// <summary>How many calls of <see cref="Map"/> from now on are answered with false.</summary>
    public int RefusedMaps { get; set; }

    public int Maps { get; private set; }

    public IReadOnlyDictionary<ulong, (FrameNumber Frame, Protection Rights)> Entries => _entries;

    public void Attach(ICpuFaultHandler handler, CpuPageTable table) => _handler = handler;

    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection)
    {
        Maps++;
        bool taken = RefusedMaps == 0;
        Log.Add($"map {range} {firstFrame} {protection} {taken}");
        if (!taken)
        {
            RefusedMaps--;
            return false;
        }

        for (ulong i = 0; i < range.PageCount; i++)
        {
            _entries[range.Start + (i * Page.Size)] = (firstFrame + i, protection);
        }

        return true;
    }

    public void WriteProtect(AddressRange range)
    {
        Log.Add($"protect {range}");
        foreach (ulong page in Inside(range))
        {
            _entries[page] = (_entries[page].Frame, _entries[page].Rights & Protection.Read);
        }
    }

    public void Isolate(AddressRange range) => WriteProtect(range);

    public void Revoke(AddressRange range, FrameNumber firstFrame)
    {
        Log.Add($"revoke {range} {firstFrame}");
        Drop(range, firstFrame);
    }

    public void Leave(AddressRange range)
    {
        Log.Add($"leave {range}");
        foreach (ulong page in Inside(range))
        {
            _entries.Remove(page);
        }
    }

    public void Detach(AddressRange range, FrameNumber firstFrame)
    {
        Log.Add($"detach {range} {firstFrame}");
        Drop(range, firstFrame);
        Forget(firstFrame, range.PageCount);
        relative?.Forget(firstFrame, range.PageCount);
        memory.Discard(firstFrame, range.PageCount);
    }

    public void Wake(AddressRange range) => Log.Add($"wake {range}");

    /// <summary>Takes an entry away as a machine may that cannot keep everything.</summary>
    public void Lose(ulong page) => Assert.True(_entries.Remove(page));

    public Errno TryLoad(ulong address, out byte value)
    {
        Errno error = Reach(address, CpuAccess.Read, out FrameNumber frame);
        value = error == Errno.None ? memory.Frame(frame)[(int)(address & Page.OffsetMask)] : (byte)0;
        return error;
    }

    public Errno Store(ulong address, byte value)
    {
        Errno error = Reach(address, CpuAccess.Write, out FrameNumber frame);
        if (error == Errno.None)
        {
            memory.Frame(frame)[(int)(address & Page.OffsetMask)] = value;
        }

        return error;
    }

    public byte Load(ulong address)
    {
        Assert.Equal(Errno.None, TryLoad(address, out byte value));
        return value;
    }

    private Errno Reach(ulong address, CpuAccess access, out FrameNumber frame)
    {
        for (int i = 0; i < RetryLimit; i++)
        {
            if (_entries.TryGetValue(Page.AlignDown(address), out (FrameNumber Frame, Protection Rights) entry) &&
                (entry.Rights & (access == CpuAccess.Write ? Protection.Write : Protection.ReadWrite)) != 0)
            {
                frame = entry.Frame;
                return Errno.None;
            }

            Errno error = _handler!.HandleFault(address, access);
            if (error is not (Errno.None or Errno.EAGAIN))
            {
                frame = default;
                return error;
            }
        }

        throw new InvalidOperationException($"The access to {address:x} never went through.");
    }

    private void Drop(AddressRange range, FrameNumber firstFrame)
    {
        foreach (ulong page in Inside(range))
        {
            Assert.Equal(firstFrame + ((page - range.Start.Value) >> Page.Shift), _entries[page].Frame);
            _entries.Remove(page);
        }
    }

    private void Forget(FrameNumber first, ulong count)
    {
        foreach (ulong page in _entries.Keys.Where(page => unchecked(_entries[page].Frame.Value - first.Value) < count).ToArray())
        {
            _entries.Remove(page);
        }
    }

    private ulong[] Inside(AddressRange range) => [.. _entries.Keys.Where(page => range.Contains(page))];
}
