using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>The memory objects of a script, by their ids.</summary>
internal sealed class ScriptObjects
{
    private readonly Dictionary<ulong, GpuMemoryObject> _byId = [];
    private readonly List<GpuMemoryObject> _made = [];

    /// <summary>The object that an id names; null for none.</summary>
    public GpuMemoryObject? this[ulong id] => _byId.GetValueOrDefault(id);

    /// <summary>Adds an object.</summary>
    public void Add(ulong id, GpuMemoryObject memory)
    {
        _byId.Add(id, memory);
        _made.Add(memory);
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
        _made.RemoveAll(memory => memory.References == 0);
        return _made.Count;
    }
}
