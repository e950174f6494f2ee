namespace GpuSvm.Mm;

/// <summary>A call of <see cref="AddressSpace.Remap"/>, in whole pages.</summary>
internal readonly record struct RemapRequest(
    VirtualAddress Address, ulong Length, ulong NewLength, RemapFlags Flags, VirtualAddress NewAddress)
{
    /// <summary>True if the caller says where to; then the pages move in any case.</summary>
    public bool NamesTarget => (Flags & (RemapFlags.Fixed | RemapFlags.DontUnmap)) != 0;

    /// <summary>What is unmapped because the mapping shrinks; may be empty.</summary>
    public AddressRange Tail => NewLength >= Length ? default : new AddressRange(Address + NewLength, Address + Length);

    /// <summary>Whether target and flags go together. Source: Linux check_mremap_params.</summary>
    public bool IsTargetSound(VirtualAddress limit) =>
        NewAddress <= limit - NewLength && Page.IsAligned(NewAddress) &&
        (Flags & RemapFlags.MayMove) != 0 &&
        ((Flags & RemapFlags.DontUnmap) == 0 || Length == NewLength) &&
        (NewAddress + NewLength <= Address || Address + Length <= NewAddress);
}
