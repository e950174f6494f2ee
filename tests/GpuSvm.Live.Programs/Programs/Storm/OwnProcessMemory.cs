using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs.Storm;

/// <summary>The control: the engine's own classes, in the process whose faults they serve. A garbage collection stops them.</summary>
internal sealed class OwnProcessMemory : IStormMemory
{
    private readonly EngineSession _engine;

    /// <summary>Takes the faults of this process.</summary>
    public OwnProcessMemory(EngineSettings settings)
    {
        Errno error = Userfaultfd.TryOpen(out Userfaultfd? userfaultfd, out string? missing);
        Check.That(error == Errno.None, $"no userfaultfd: {missing}");
        _engine = new EngineSession(
            settings, userfaultfd!, Environment.ProcessId, new EngineLog(Console.Error), () => Environment.FailFast("not followed"));
    }

    /// <inheritdoc/>
    public (long Away, long Home) Moved =>
        (_engine.Counters.Migration.PagesToDeviceByFault, _engine.Counters.Migration.PagesHomeByFault);

    /// <inheritdoc/>
    public VirtualAddress Map(int pages)
    {
        ulong bytes = (ulong)pages << Page.Shift;
        LiveBuffer buffer = _engine.Reserve(bytes);
        Errno error = AppMemory.Map(default, bytes, Protection.ReadWrite, buffer.File, out VirtualAddress address);
        Check.Equal(Errno.None, error, "mmap");
        _engine.Enter(buffer.Id, address, Protection.ReadWrite);
        return address;
    }

    /// <inheritdoc/>
    public void Unmap(VirtualAddress address, int pages) =>
        Check.Equal(Errno.None, AppMemory.Unmap(address, (ulong)pages << Page.Shift), "munmap");

    /// <inheritdoc/>
    public void WriteProtect(VirtualAddress address, int pages) => _engine.WriteProtect(address, (ulong)pages << Page.Shift);

    /// <inheritdoc/>
    public void Launch(int grid, int block, StormArgs args)
    {
        byte[] bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<StormArgs>(in args)).ToArray();
        KernelReference kernel = KernelReference.Of<StormArgs>(StormKernel.Run);
        _engine.LaunchAsync(kernel, grid, block, bytes).GetAwaiter().GetResult().ThrowIfFailed();
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _engine.Dispose();
        return ValueTask.CompletedTask;
    }
}
