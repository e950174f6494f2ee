namespace GpuSvm.Live.Programs.Storm;

/// <summary>The product: faults are served by the engine's process.</summary>
internal sealed class SessionMemory(SvmSession session) : IStormMemory
{
    /// <inheritdoc/>
    public (long Away, long Home) Moved
    {
        get
        {
            MigrationCounters moved = session.CountersAsync().GetAwaiter().GetResult().Migration;
            return (moved.PagesToDeviceByFault, moved.PagesHomeByFault);
        }
    }

    /// <inheritdoc/>
    public VirtualAddress Map(int pages) => session.Map((ulong)pages << Page.Shift, Protection.ReadWrite);

    /// <inheritdoc/>
    public void Unmap(VirtualAddress address, int pages) => session.Unmap(address, (ulong)pages << Page.Shift);

    /// <inheritdoc/>
    public void WriteProtect(VirtualAddress address, int pages) =>
        session.WriteProtectAsync(address, (ulong)pages << Page.Shift).GetAwaiter().GetResult();

    /// <inheritdoc/>
    public void Launch(int grid, int block, StormArgs args) =>
        session.LaunchAsync(StormKernel.Run, grid, block, args).GetAwaiter().GetResult().ThrowIfFailed();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => session.DisposeAsync();
}
