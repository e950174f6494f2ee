namespace GpuSvm.Live;

/// <summary>A fault that the kernel may put off; it is asked for again until the deadline.</summary>
internal readonly record struct DeferredFault(VirtualAddress Address, CpuAccess Access, Deadline Deadline)
{
    /// <summary>Before that there is no use in asking: the page stays on the GPU until then.</summary>
    public Deadline NotBefore { get; init; }

    /// <summary>So long a page may stay on the GPU; then it comes home whatever its timeslice says.</summary>
    public Deadline Patience { get; init; }

    /// <summary>
    /// How long a fault may be put off: longer than any single call of a process that changes its mappings usually takes, and longer than
    /// threads that discard a page over and over keep another from it.
    /// </summary>
    private static readonly TimeSpan Limit = 10 * Deadline.Default;

    /// <summary>A fault whose time begins now.</summary>
    public static DeferredFault Of(VirtualAddress address, CpuAccess access) =>
        new(address, access, Clock.Monotonic.After(Limit)) { Patience = Clock.Monotonic.After(Deadline.Default) };
}
