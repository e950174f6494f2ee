namespace GpuSvm.Mm.Tests;

/// <summary>A CPU with bytes of its own, as private memory of a live process: whole pages are read into frames, taken, and given from frames.</summary>
internal sealed class WholePageCpu(SystemMemory memory, MemoryObject memoryObject, ulong start) : ICpu
{
    private readonly Dictionary<ulong, (byte[] Bytes, bool MayWrite)> _pages = [];
    private ICpuFaultHandler? _handler;

    public CpuCapabilities Capabilities => CpuCapabilities.None;

    /// <summary>How many calls of <see cref="Map"/> from now on are answered with false.</summary>
    public int RefusedMaps { get; set; }

    public void Attach(ICpuFaultHandler handler, CpuPageTable table) => _handler = handler;

    public bool Has(ulong page) => _pages.ContainsKey(page);

    /// <summary>A page that the process has before it is shared.</summary>
    public void Put(ulong page, byte fill)
    {
        byte[] bytes = new byte[Page.Size];
        Array.Fill(bytes, fill);
        _pages[page] = (bytes, true);
    }

    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection)
    {
        if (RefusedMaps > 0)
        {
            RefusedMaps--;
            return false;
        }

        foreach (ulong page in PagesOf(range))
        {
            byte[] bytes = _pages.TryGetValue(page, out (byte[] Bytes, bool MayWrite) old) ? old.Bytes : memory.Frame(FrameOf(page)).ToArray();
            Assert.Equal(FrameOf(range.Start), firstFrame);
            _pages[page] = (bytes, (protection & Protection.Write) != 0);
            memory.Discard(FrameOf(page));
        }

        return true;
    }

    public void WriteProtect(AddressRange range)
    {
        foreach (ulong page in PagesOf(range).Where(Has))
        {
            _pages[page] = (_pages[page].Bytes, false);
        }
    }

    public void Isolate(AddressRange range)
    {
        WriteProtect(range);
        foreach (ulong page in PagesOf(range).Where(Has))
        {
            _pages[page].Bytes.CopyTo(memory.Frame(FrameOf(page)));
        }
    }

    public void Revoke(AddressRange range, FrameNumber firstFrame)
    {
        Isolate(range);
        Array.ForEach(PagesOf(range), page => _pages.Remove(page));
    }

    public void Detach(AddressRange range, FrameNumber firstFrame)
    {
        Assert.Equal(FrameOf(range.Start), firstFrame);
        Array.ForEach(PagesOf(range), page => _pages.Remove(page));
        memory.Discard(firstFrame, range.PageCount);
    }

    public void Leave(AddressRange range)
    {
    }

    public void Wake(AddressRange range)
    {
    }

    public byte Load(ulong address) => Reach(address, CpuAccess.Read)[(int)(address & Page.OffsetMask)];

    public void Store(ulong address, byte value) => Reach(address, CpuAccess.Write)[(int)(address & Page.OffsetMask)] = value;

    private byte[] Reach(ulong address, CpuAccess access)
    {
        for (int i = 0; i < 10; i++)
        {
            if (_pages.TryGetValue(Page.AlignDown(address), out (byte[] Bytes, bool MayWrite) page) && (page.MayWrite || access == CpuAccess.Read))
            {
                return page.Bytes;
            }

            Errno error = _handler!.HandleFault(address, access);
            Assert.True(error is Errno.None or Errno.EAGAIN, $"{error}");
        }

        throw new InvalidOperationException($"The access to {address:x} never went through.");
    }

    private FrameNumber FrameOf(ulong page) => memoryObject.FirstFrame + ((page - start) >> Page.Shift);

    private static ulong[] PagesOf(AddressRange range) =>
        [.. Enumerable.Range(0, (int)range.PageCount).Select(i => range.Start.Value + ((ulong)i * Page.Size))];
}
