namespace GpuSvm.Mm.Tests;

/// <summary>A machine whose CPU has fixed frames; 1 frame is pooled, the others are for objects. On disposal every frame must be back.</summary>
internal sealed class FixedFrameMachine : IDisposable
{
    public FixedFrameMachine(ulong limit = 0, Func<bool>? gate = null, int vmaLimit = 100)
    {
        Frames = new PageFrames(Memory, new PageFramesOptions { PooledFrames = 1, LimitFrames = limit, AllocationGate = gate });
        Cpu = new FixedFrameCpu(Memory);
        Mm = new AddressSpace(Frames, Cpu, new AddressSpaceOptions { VmaLimit = vmaLimit });
    }

    public SystemMemory Memory { get; } = new(256);

    public PageFrames Frames { get; }

    public FixedFrameCpu Cpu { get; }

    public AddressSpace Mm { get; }

    /// <summary>A CPU of a child: what either is detached of, both lose.</summary>
    public FixedFrameCpu NewCpu() => new(Memory, Cpu);

    public MemoryObject Reserve(ulong pages)
    {
        Assert.Equal(Errno.None, Frames.TryReserve(pages, out MemoryObject? memory));
        return memory!;
    }

    public MemoryObject Map(ulong address, ulong pages, Protection protection = Protection.ReadWrite)
    {
        MemoryObject memory = Reserve(pages);
        Assert.Equal(Errno.None, Mm.MapObject(address, memory, protection));
        return memory;
    }

    /// <summary>What the CPU heard since the last call.</summary>
    public string[] Heard()
    {
        string[] log = [.. Cpu.Log];
        Cpu.Log.Clear();
        return log;
    }

    public void Dispose()
    {
        Mm.Dispose();
        Assert.Empty(Cpu.Entries);
        long left = Frames.AllocatedFrames;
        Frames.Dispose();
        Memory.Dispose();
        Assert.Equal(0, left);
    }
}
