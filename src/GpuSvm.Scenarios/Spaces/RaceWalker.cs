using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Scenarios;

/// <summary>One instance of a device whose walks take no lock: between any two words that it reads the tables may change.</summary>
/// <param name="tables">Where the tables lie.</param>
/// <param name="iommu">Where accesses to system memory pass.</param>
internal sealed class RaceWalker(RaceTables tables, RaceIommu iommu)
{
    // An access that was overtaken by a flush walks again; there are fewer flushes than this in any race here.
    private const int Attempts = 8;

    private readonly TranslationCache _cache = new();
    private PageDirectoryBase _root;
    private bool _isBound;

    /// <summary>True while an access is under way that found the instance bound.</summary>
    public bool IsBusy { get; private set; }

    /// <summary>Has accesses translated by an address space.</summary>
    public void Bind(PageDirectoryBase root)
    {
        _root = root;
        SharedWord.Write(ref _isBound, true);
    }

    /// <summary>Begins no more accesses, and waits for the one that is under way.</summary>
    public void Unbind()
    {
        SharedWord.Write(ref _isBound, false);
        AccessBarrier.Pass();
        _cache.WaitForAccessInFlight();
    }

    /// <summary>Forgets translations.</summary>
    public void Drop(AddressRange range) => _cache.Drop(range);

    /// <summary>Waits for the access that is under way, if there is one.</summary>
    public void WaitForAccess() => _cache.WaitForAccessInFlight();

    /// <summary>Loads from an address.</summary>
    /// <returns>The byte address that it went to, or null for a fault.</returns>
    public ulong? Load(ulong address)
    {
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            _cache.BeginAccess();
            bool isDone = TryLoad(address, out ulong? target);
            IsBusy = false;
            _cache.EndAccess();
            if (isDone)
            {
                return target;
            }
        }

        throw new InvariantException("An access is not overtaken again and again.");
    }

    /// <returns>False if a flush came between the walk and the fill.</returns>
    private bool TryLoad(ulong address, out ulong? target)
    {
        long sequence = _cache.Sequence;
        target = null;
        if (!SharedWord.Read(ref _isBound))
        {
            return true;
        }

        IsBusy = true;
        if (!_cache.TryTranslate(address, TranslationRights.Read, sizeof(ulong), out ulong found))
        {
            DecodedEntry entry = new PageTableCursor<Gp100Format>(tables, _root, address).Finish();
            if (entry.Kind != PageTableEntryKind.Page)
            {
                return true;
            }

            SmallMachine.Demand(entry.Aperture != Aperture.Peer, "No walk sees a table that is not written yet, or that was freed.");
            found = entry.Translate(address);
            if (!_cache.Fill(address, entry.Rights, found, sequence))
            {
                return false;
            }
        }

        // System memory lies above all video memory here.
        SchedulePoint.Reach(SchedulePointKind.Word);
        SmallMachine.Demand(found < RaceSpace.VideoMemoryEnd || iommu.Passes(found), "No access reaches a page that was unmapped for DMA.");
        target = found;
        return true;
    }
}
