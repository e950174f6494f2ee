namespace GpuSvm.Svm;

/// <summary>From the word that a page of a device carries to what stands behind the page.</summary>
/// <remarks>Locking: changed under the lock of the device's memory, read by any thread that has a reference of such a page.</remarks>
internal sealed class ZoneTable
{
    private readonly Stack<int> _free = [];
    private ZoneDeviceData?[] _zones = new ZoneDeviceData?[16];
    private int _next;

    /// <summary>Number of entries.</summary>
    public int Count => _next - _free.Count;

    /// <summary>Enters what has no word yet.</summary>
    public void Add(ZoneDeviceData zone)
    {
        int index = _free.TryPop(out int free) ? free : _next++;
        if (index == _zones.Length)
        {
            ZoneDeviceData?[] larger = new ZoneDeviceData?[2 * index];
            _zones.CopyTo(larger, 0);
            SharedWord.Write(ref _zones, larger);
        }

        zone.Word = (ulong)index + 1;
        _zones[index] = zone;
    }

    /// <summary>Takes one out; no page carries its word any more.</summary>
    public void Remove(ZoneDeviceData zone)
    {
        int index = (int)(zone.Word - 1);
        _zones[index] = null;
        _free.Push(index);
    }

    /// <summary>What stands behind a page that carries <paramref name="word"/>.</summary>
    public ZoneDeviceData Find(ulong word) =>
        SharedWord.Read(ref _zones)[word - 1] ?? throw new InvalidOperationException($"Nothing stands behind a page with word {word}.");

    /// <summary>What stands behind a word that may be out of date; null when nothing does. Under the lock of the device's memory.</summary>
    public ZoneDeviceData? TryFind(ulong word) => word - 1 < (ulong)_next ? _zones[word - 1] : null;

    /// <summary>All entries, in the order of their words.</summary>
    public DeviceAllocation[] Allocations() => [.. _zones.OfType<ZoneDeviceData>().Select(zone => zone.Allocation)];
}
