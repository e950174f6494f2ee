namespace GpuSvm.SvmTests;

/// <summary>Many allocations, all of whose pages the GPU touches before the CPU looks at them.</summary>
internal static class ManyAllocationTests
{
    private const ulong Small = 1536 * 1024;
    private const ulong VideoMemory = 8UL << 20;
    private const ulong Piece = 1UL << 20;
    private const int Processes = 3;

    /// <summary>Eight allocations of 1.5 MiB each, none of which begins where a block does.</summary>
    public static void UnalignedAlloc(SvmMachine machine)
    {
        GpuClient client = machine.AddGpu().Open(machine.AddProcess(1));
        var queue = new DirectQueue(machine, client);
        Touch(queue, client, pieces: 8, Small, MemoryAdvice.None);
        queue.Leave();
    }

    /// <summary>Nine eighths of the GPU's memory, in pieces that are to live there.</summary>
    public static void EvictMalloc(SvmMachine machine)
    {
        SvmGpu gpu = machine.AddGpu(videoMemory: VideoMemory);
        GpuClient client = gpu.Open(machine.AddProcess(1));
        var queue = new DirectQueue(machine, client);
        Touch(queue, client, (int)(VideoMemory / Piece * 9 / 8), Piece, MemoryAdvice.PreferDevice);
        queue.Leave();
        ExpectEvictions(gpu);
    }

    /// <summary>The same from several processes, which together want nine eighths.</summary>
    public static void ProcessesEvictMalloc(SvmMachine machine)
    {
        SvmGpu gpu = machine.AddGpu(videoMemory: VideoMemory);
        GpuClient[] clients = [.. Enumerable.Range(0, Processes).Select(_ => gpu.Open(machine.AddProcess(1)))];
        SvmMachine.RunAll([.. clients.Select(client => (Action)(() =>
        {
            var queue = new DirectQueue(machine, client);
            Touch(queue, client, (int)(VideoMemory / Piece * 9 / 8 / Processes), Piece, MemoryAdvice.PreferDevice);
            queue.Leave();
        }))]);
    }

    private static void Touch(DirectQueue queue, GpuClient client, int pieces, ulong size, MemoryAdvice advice)
    {
        TestBuffer[] buffers = new TestBuffer[pieces];
        for (int i = 0; i < pieces; i++)
        {
            buffers[i] = new TestBuffer(client.Process.Map(size), size, size);
            buffers[i].FillBy(queue.Cpu);
            if (advice != MemoryAdvice.None)
            {
                client.Advise(buffers[i].Range, advice);
            }

            TouchAll(queue, buffers[i], 1000UL + (ulong)i);
        }

        foreach (TestBuffer buffer in buffers)
        {
            buffer.Check(queue.Cpu, 0, buffer.Image.Length, "an allocation in the end");
            client.Process.Unmap(buffer.Address, size);
            client.ExpectGone(buffer.Range, "an allocation that was freed");
        }
    }

    /// <summary>Has one exec store to a word of every page.</summary>
    private static void TouchAll(DirectQueue queue, TestBuffer buffer, ulong value)
    {
        var batch = new ExecBatch(buffer.Address + ExecRecord.Data, value, queue.Fence)
        {
            Count = (ulong)buffer.Image.Length / Page.Size,
            Interval = Page.Size,
        };
        batch.WriteTo(buffer.Image);
        queue.Cpu.Write(buffer.Address, buffer.Image.AsSpan(0, ExecRecord.BatchSize));
        queue.Run(buffer.Address, value);
        for (int offset = 0; offset < buffer.Image.Length; offset += (int)Page.Size)
        {
            buffer.Note(offset + ExecRecord.Data, value);
        }
    }

    private static void ExpectEvictions(SvmGpu gpu)
    {
        var counters = gpu.Driver.DeviceMemory!.Counters;
        Expect.That(counters.PagesToDevice >= (long)(VideoMemory / Page.Size), $"only {counters.PagesToDevice} pages came to the GPU's memory");
        Expect.That(counters.PagesEvicted > 0, "no page left for another");
    }
}
