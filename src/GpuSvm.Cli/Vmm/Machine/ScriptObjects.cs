using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>The memory objects of a script, by their ids.</summary>
internal sealed class ScriptObjects
{
    private readonly Dictionary<ulong, GpuMemoryObject> _byId = [];
    private readonly List<(GpuMemoryObject Memory, long ListedPages)> _made = [];
    private long _listedPages;

    /// <summary>How many pages all objects that are lists of pages can have: 128 GiB, whose lists take 256 MiB.</summary>
    public const long MostListedPages = 1 << 25;

    /// <summary>The object that an id names; null for none.</summary>
    public GpuMemoryObject? this[ulong id] => _byId.GetValueOrDefault(id);

    /// <summary>Says whether there is room for a list of pages.</summary>
    public bool HasRoom(long listedPages)
    {
        if (_listedPages + listedPages > MostListedPages)
        {
            CountLive();
        }

        return _listedPages + listedPages <= MostListedPages;
    }

    /// <summary>Adds an object.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="memory">The object.</param>
    /// <param name="listedPages">Number of its pages if it is a list of them, else 0.</param>
    public void Add(ulong id, GpuMemoryObject memory, long listedPages)
    {
        _byId.Add(id, memory);
        _made.Add((memory, listedPages));
        _listedPages += listedPages;
    }

    /// <summary>Drops the script's reference of an object; it lives on while it is mapped.</summary>
    /// <returns>False if the id names none.</returns>
    public bool TryRelease(ulong id)
    {
        bool isFound = _byId.Remove(id, out GpuMemoryObject? memory);
        memory?.Release();
        return isFound;
    }

    /// <summary>Drops all of the script's references.</summary>
    public void ReleaseAll()
    {
        foreach (GpuMemoryObject memory in _byId.Values)
        {
            memory.Release();
        }

        _byId.Clear();
    }

    /// <summary>Number of objects that somebody needs.</summary>
    public int CountLive()
    {
        _made.RemoveAll(made =>
        {
            bool isGone = made.Memory.References == 0;
            _listedPages -= isGone ? made.ListedPages : 0;
            return isGone;
        });
        return _made.Count;
    }
}
