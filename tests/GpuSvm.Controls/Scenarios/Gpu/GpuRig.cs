using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Gpu;
using GpuSvm.Mmu;

namespace GpuSvm.Controls.Scenarios;

/// <summary>A GPU with one address space and a few frames.</summary>
internal sealed class GpuRig : IDisposable
{
    private const TranslationRights AllRights = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;
    private readonly RankedLock _lock = new(LockRank.DriverSvm);
    private readonly SystemMemory _memory = new(64);
    private readonly GpuAddressSpace _space;

    internal GpuRig(SoftwareGpuOptions options)
    {
        Gpu = new SoftwareGpu(_memory, options);
        Demand(GpuAddressSpace.TryCreate(Gpu.PageTableMemory, Gpu.DmaMapper, Gpu, out GpuAddressSpace? space));
        _space = space!;
        Demand(Gpu.BindInstance(Channel, _space.Root));
    }

    internal static InstancePointer Channel => new(0x1000);

    internal SoftwareGpu Gpu { get; }

    internal ref long Word(int frame, ulong offset) =>
        ref MemoryMarshal.AsRef<long>(_memory.Frame(new FrameNumber((ulong)frame))[(int)offset..]);

    internal void Map(ulong address, int frame)
    {
        PfnEntry[] pfns = [PfnEntry.Host(new FrameNumber((ulong)frame), AllRights)];
        Demand(_space.PfnMap(Page.Shift, address, pfns));
    }

    internal void Unmap(ulong address) => Demand(_space.PfnUnmap(AddressRange.PageAt(address)));

    /// <summary>Empties the ring, maps a page and replays: what a driver does, but not while someone holds the page.</summary>
    internal void Serve(ulong address, int frame) => Hold(() =>
    {
        Gpu.FaultBuffer.ClearOverflow();
        if (Gpu.FaultBuffer.Get != Gpu.FaultBuffer.Put)
        {
            Gpu.FaultBuffer.WriteGet(Gpu.FaultBuffer.Put);
            Map(address, frame);
            Gpu.Replay();
        }
    });

    internal void Hold(Action action)
    {
        using RankedLock.Scope scope = _lock.Enter();
        action();
    }

    public void Dispose()
    {
        Gpu.UnbindInstance(Channel);
        _space.Dispose();
        Gpu.Dispose();
        _memory.Dispose();
    }

    private static void Demand(Errno error)
    {
        if (error != Errno.None)
        {
            throw new InvalidOperationException($"The rig was refused: {error}.");
        }
    }
}
