namespace GpuSvm.Driver;

/// <summary>That pages of processes may live in the GPU's own memory, and how.</summary>
/// <param name="Frames">The machine's page frames; the pages of clients that have others stay where they are.</param>
public sealed record DevicePagesOptions(PageFrames Frames)
{
    /// <summary>
    /// Whether the CPU reaches pages that live there: <see cref="DevicePageKind.Coherent"/> needs a GPU whose memory it reaches
    /// (<see cref="IVideoMemory.FirstFrame"/>), among frames that <see cref="PageFrames"/> hands out to nobody.
    /// </summary>
    public DevicePageKind Kind { get; init; } = DevicePageKind.Private;

    /// <summary>
    /// The drivers of other GPUs whose memory this one reaches, and the other way round: pages are mapped where they are. Null for none: then a
    /// page that lives with another GPU comes home when this one touches it.
    /// </summary>
    public DevicePeers? Peers { get; init; }

    /// <summary>Pages that come home together when the CPU touches one; see <see cref="DeviceMemoryOptions.ReadAroundPages"/>.</summary>
    public int ReadAroundPages { get; init; } = new DeviceMemoryOptions().ReadAroundPages;

    /// <summary>
    /// Most pages of the GPU's memory that hold pages of clients; null for all but a reserve of a thirty-second and 16 pages, which page
    /// tables need: those of 2 MiB of small pages take one page.
    /// </summary>
    public ulong? PageLimit { get; init; }

    /// <summary>Makes what says which pages leave when others need room; null when none leave for others.</summary>
    public Func<IEvictionPolicy>? Eviction { get; init; } = EvictionPolicies.ScanResistant;

    /// <summary>How long the copy engine may take for one job before it is given up.</summary>
    public TimeSpan CopyTimeout { get; init; } = Deadline.Default;

    internal ulong PageLimitOf(ulong pages) => PageLimit ?? Math.Max(1, pages - Math.Min(pages, (pages / 32) + 16));
}
