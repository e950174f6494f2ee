namespace GpuSvm.Live;

/// <summary>Consecutive private pages of a live process that a GPU shares, of one protection.</summary>
/// <param name="Range">Where they are; never moved.</param>
/// <param name="Memory">The frames by which they are read, taken and given.</param>
internal sealed record AdoptedRegion(AddressRange Range, MemoryObject Memory)
{
    private AddressRange[] _parts = [Range];

    /// <summary>How many who adopted memory rely on it. Guarded by the session.</summary>
    public int Users { get; set; }

    /// <summary>The parts that the process still maps, as far as it has told; replaced as a whole.</summary>
    public AddressRange[] Parts => SharedWord.Read(ref _parts);

    /// <summary>The frame of a page.</summary>
    public FrameNumber FrameOf(VirtualAddress page) => Memory.FirstFrame + ((page.Value - Range.Start.Value) >> Page.Shift);

    /// <summary>Forgets what the process has unmapped, or what is its own again.</summary>
    public void Forget(AddressRange gone)
    {
        var left = new AddressRangeSet();
        Array.ForEach(Parts, left.Add);
        left.Remove(gone);
        SharedWord.Write(ref _parts, [.. left.Ranges]);
    }
}
