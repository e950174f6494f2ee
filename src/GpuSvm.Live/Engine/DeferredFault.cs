namespace GpuSvm.Live;

/// <summary>A fault that the kernel may put off; it is asked for again until the deadline.</summary>
internal readonly record struct DeferredFault(VirtualAddress Address, CpuAccess Access, Deadline Deadline)
{
    /// <summary>A fault whose time begins now.</summary>
    public static DeferredFault Of(VirtualAddress address, CpuAccess access) =>
        new(address, access, Clock.Monotonic.After(Deadline.Default));
}
