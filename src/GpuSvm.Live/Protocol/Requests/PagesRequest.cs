namespace GpuSvm.Live;

/// <summary>Pages that something is asked about, or asked to be done with.</summary>
internal sealed record PagesRequest
{
    /// <summary>First byte.</summary>
    public required ulong Address { get; init; }

    /// <summary>Number of bytes.</summary>
    public required ulong Bytes { get; init; }

    /// <summary>The pages.</summary>
    /// <exception cref="ArgumentException">They are not whole pages, or none.</exception>
    internal AddressRange DemandPages()
    {
        AddressRange range = AddressRange.FromLength(Address, Bytes);
        return range.IsPageAligned && !range.IsEmpty
            ? range
            : throw new ArgumentException($"{Bytes} bytes from {new VirtualAddress(Address)} on are not whole pages.");
    }
}
