namespace GpuSvm.Mmu;

/// <summary>How an address space is made.</summary>
public sealed record GpuAddressSpaceOptions
{
    /// <summary>Who places what.</summary>
    public GpuAddressSpaceManagement Management { get; init; } = GpuAddressSpaceManagement.Unmanaged;

    /// <summary>Unmanaged: the first address. Managed: start of the window that the client does not manage.</summary>
    public ulong Start { get; init; }

    /// <summary>Bytes from <see cref="Start"/> on. Unmanaged: 0 for all that the format has. Managed: 0 for no window.</summary>
    public ulong Size { get; init; }

    /// <summary>
    /// How many free tables of one size are kept for the next use instead of being given back; 0 to give each back at once. Not negative.
    /// </summary>
    public int SpareTables { get; init; } = 8;

    /// <summary>Is asked before records are made; null to let them all be made.</summary>
    public IMmuBookkeeping? Bookkeeping { get; init; }

    /// <summary>The device's instances; null if none will join.</summary>
    public IInstanceBinder? Instances { get; init; }
}
