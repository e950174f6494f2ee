namespace GpuSvm.Svm;

/// <summary>What is to be copied for one migration, and what of it is mapped for DMA.</summary>
internal sealed class CopyList(IDmaMapper dma)
{
    private readonly List<DeviceCopy> _copies = [];
    private readonly List<(DeviceAddress Address, int Order)> _mapped = [];

    // Single pages that wait to be mapped by one call.
    private readonly FrameNumber[] _frames = new FrameNumber[HugePage.PageCount];
    private readonly ulong[] _pages = new ulong[HugePage.PageCount];
    private readonly DeviceAddress[] _addresses = new DeviceAddress[HugePage.PageCount];
    private int _waiting;

    /// <summary>What is to be copied.</summary>
    public ReadOnlySpan<DeviceCopy> Copies => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_copies);

    /// <summary>Maps a block of frames until <see cref="End"/>.</summary>
    /// <returns>None, or ENOMEM.</returns>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        Errno error = dma.TryMap(frame, order, direction, out address);
        if (error == Errno.None)
        {
            _mapped.Add((address, order));
        }

        return error;
    }

    /// <summary>Adds a page whose frame <see cref="TryMapWaiting"/> maps.</summary>
    /// <param name="devicePage">The page, in the device's memory.</param>
    /// <param name="frame">Its frame in the system's: at most 512 wait.</param>
    public void AddUnmapped(ulong devicePage, FrameNumber frame)
    {
        _pages[_waiting] = devicePage;
        _frames[_waiting++] = frame;
    }

    /// <summary>Maps the frames that wait, all or none: the device finds most of them one behind the other then.</summary>
    /// <returns>None, or ENOMEM.</returns>
    public Errno TryMapWaiting(DmaDirection direction)
    {
        int count = _waiting;
        _waiting = 0;
        Errno error = count == 0 ? Errno.None : dma.TryMapAll(_frames.AsSpan(0, count), 0, direction, _addresses);
        for (int i = 0; i < count && error == Errno.None; i++)
        {
            _mapped.Add((_addresses[i], 0));
            Add(_pages[i], _addresses[i], 1);
        }

        return error;
    }

    /// <summary>Adds pages whose frames are mapped.</summary>
    /// <param name="devicePage">The first, in the device's memory.</param>
    /// <param name="system">Where the device finds the first in the system's.</param>
    /// <param name="pages">How many.</param>
    public void Add(ulong devicePage, DeviceAddress system, int pages)
    {
        if (_copies.Count > 0 && _copies[^1] is { System: { } start } last && last.DevicePage + (ulong)last.Pages == devicePage &&
            start.Value + ((ulong)last.Pages * Page.Size) == system.Value)
        {
            _copies[^1] = last with { Pages = last.Pages + pages };
        }
        else
        {
            _copies.Add(new DeviceCopy(devicePage, system, pages));
        }
    }

    /// <summary>Adds pages that become zero.</summary>
    public void AddClear(ulong devicePage, int pages)
    {
        if (_copies.Count > 0 && _copies[^1] is { System: null } last && last.DevicePage + (ulong)last.Pages == devicePage)
        {
            _copies[^1] = last with { Pages = last.Pages + pages };
        }
        else
        {
            _copies.Add(new DeviceCopy(devicePage, null, pages));
        }
    }

    /// <summary>Unmaps everything: it is copied, or will never be.</summary>
    public void End()
    {
        foreach ((DeviceAddress address, int order) in _mapped)
        {
            dma.Unmap(address, order);
        }

        _mapped.Clear();
        _copies.Clear();
        _waiting = 0;
    }
}
