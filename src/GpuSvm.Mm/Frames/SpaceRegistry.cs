namespace GpuSvm.Mm;

/// <summary>The address spaces whose entries name frames of one memory, by small numbers. Thread-safe; found without a lock.</summary>
internal sealed class SpaceRegistry
{
    private const int FirstSlots = 4;
    private readonly RankedLock _lock = new(LockRank.FrameAllocator);
    private AddressSpace?[] _slots = new AddressSpace?[FirstSlots];

    /// <summary>Gives an address space the lowest free number.</summary>
    public int Add(AddressSpace space)
    {
        using (_lock.Enter())
        {
            int id = Array.IndexOf(_slots, null);
            if (id < 0)
            {
                id = _slots.Length;
                Checks.That(id < FrameMapping.SpaceLimit, "There are fewer than 2^28 address spaces.");
                var slots = new AddressSpace?[2 * id];
                _slots.CopyTo(slots, 0);
                SharedWord.Write(ref _slots, slots);
            }

            SharedWord.Write(ref _slots[id], space);
            return id;
        }
    }

    /// <summary>Frees a number.</summary>
    public void Remove(int id)
    {
        using (_lock.Enter())
        {
            SharedWord.Write(ref _slots[id], null);
        }
    }

    /// <summary>The address space of a number, or null.</summary>
    public AddressSpace? Find(int id)
    {
        AddressSpace?[] slots = SharedWord.Read(ref _slots);
        return id < slots.Length ? SharedWord.Read(ref slots[id]) : null;
    }
}
