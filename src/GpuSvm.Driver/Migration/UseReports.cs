namespace GpuSvm.Driver;

/// <summary>Reads what the GPU's access counters have notified, and tells the memory which pages were used.</summary>
/// <remarks>
/// At most <see cref="BatchSize"/> notifications at a time, as many as UVM takes. Any thread; who comes while another reads goes on without.
/// Takes device locks only. Source: NVIDIA UVM, uvm_gpu_access_counters.c.
/// </remarks>
internal sealed class UseReports(IAccessCounterBuffer buffer, DeviceMemory memory)
{
    /// <summary>Most notifications that are read at a time.</summary>
    public const int BatchSize = 256;

    private const int Parts = 32;
    private const ulong SmallestPart = 64 << 10;

    private readonly ulong _pagesOfPart = Math.Max(SmallestPart, buffer.Granularity.Bytes / Parts) >> Page.Shift;
    private int _isReading;

    /// <summary>Reads a batch.</summary>
    public void Read()
    {
        if (SharedWord.CompareExchange(ref _isReading, 1, 0) != 0)
        {
            return;
        }

        int get = buffer.Get;
        int put = buffer.Put;
        for (int i = 0; i < BatchSize && get != put; i++)
        {
            Tell(buffer.Read(get));
            get = get + 1 == buffer.EntryCount ? 0 : get + 1;
        }

        buffer.WriteGet(get);
        SharedWord.Write(ref _isReading, 0);
    }

    private void Tell(in AccessNotification notification)
    {
        if (!notification.IsVideoMemory)
        {
            return;
        }

        ulong first = notification.Address >> Page.Shift;
        for (int part = 0; part < Parts; part++)
        {
            if ((notification.Parts & (1u << part)) != 0)
            {
                memory.TouchedPages(first + ((ulong)part * _pagesOfPart), _pagesOfPart);
            }
        }
    }
}
