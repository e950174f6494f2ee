namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Addresses that were given out as one, or that are the client's.</summary>
internal sealed class ModelArea
{
    public required ulong Start { get; init; }

    public required ulong End { get; init; }

    public bool IsClients { get; init; }

    public bool IsMapRef { get; init; }

    public bool IsSparse { get; init; }

    /// <summary>The page type asked for, or -1.</summary>
    public int Type { get; init; } = -1;

    /// <summary>The page type of which page tables are referenced, whatever is mapped; -1 if tables come and go with that.</summary>
    public int Held { get; set; } = -1;

    /// <summary>Mapped memory.</summary>
    public List<ModelMap> Maps { get; } = [];

    public bool Contains(ulong address) => address >= Start && address < End;

    public ModelMap? MapAt(ulong address)
    {
        foreach (ModelMap map in Maps)
        {
            if (address >= map.Start && address < map.End)
            {
                return map;
            }
        }

        return null;
    }
}
