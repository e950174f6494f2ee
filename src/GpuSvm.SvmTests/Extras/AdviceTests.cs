namespace GpuSvm.SvmTests;

/// <summary>What is said of memory is followed at the GPU's next touch.</summary>
internal static class AdviceTests
{
    private const ulong Size = 64 * 1024;
    private const ulong Half = Size / 2;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<SvmTest> All { get; } =
    [
        Create("madvise-atomic-inc", "the GPU adds in one step where memory is to live with it", AtomicInc),
        Create("madvise-preffered-loc-sram-migrate-pages", "what is on the GPU, and is to live at home, goes home at a touch", GoHome),
        Create("madvise-multi-vma", "advice that overlaps other advice replaces it, and no more", Overlap),
        Create("madvise-split-vma", "advice of one half holds there, whatever the other half is told", Split),
        Create("madvise-range-invalidate-change-attr", "where advice changes the GPU must ask again", Change),
        Create("madvise-no-range-invalidate-same-attr", "where advice is given twice it needs not", Same),
    ];

    private static SvmTest Create(string name, string summary, Action<GpuClient, DirectQueue, TestBuffer> body) => new(name, summary, machine =>
    {
        GpuClient client = machine.AddGpu().Open(machine.AddProcess(1));
        var queue = new DirectQueue(machine, client);
        var buffer = new TestBuffer(client.Process.Map(Size), Size, Size);
        buffer.FillBy(queue.Cpu);
        body(client, queue, buffer);
        queue.Leave();
    });

    private static void AtomicInc(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        client.Advise(buffer.Range, MemoryAdvice.PreferDevice);
        VirtualAddress target = buffer.Address + ExecRecord.Data;
        queue.Cpu.Store(target, 41UL);
        queue.Write(buffer.Address, new ExecBatch(target, 9, queue.Fence) { Command = ExecCommand.Increment });
        queue.Run(buffer.Address, 9);
        client.Process.ExpectPlace(AddressRange.PageAt(target), PageLocation.DevicePrivate);
        Expect.Equal(42UL, queue.Cpu.Load<ulong>(target), "what the GPU has added to");
    }

    private static void GoHome(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        queue.RunOwn(buffer.Address, 1);
        Expect.Equal(Errno.None, client.Prefetch(buffer.Range).Error, "prefetch");
        client.Process.ExpectPlace(buffer.Range, PageLocation.DevicePrivate);
        client.Advise(buffer.Range, MemoryAdvice.PreferHost);
        client.ExpectGone(buffer.Range, "what is advised otherwise");
        queue.Run(buffer.Address, 1);
        client.Process.ExpectPlace(AddressRange.PageAt(buffer.Address), PageLocation.System);
    }

    private static void Overlap(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        AddressRange middle = AddressRange.FromLength(buffer.Address + (Size / 4), Half);
        client.Advise(buffer.Range, MemoryAdvice.PreferDevice);
        client.Advise(middle, MemoryAdvice.PreferHost);
        AdviceRun[] runs = [.. client.Gpu.Driver.GetAdvice(client.Client, buffer.Range)];
        Expect.Equal(3, runs.Length, "runs of advice");
        Expect.Equal(new AdviceRun(middle, MemoryAdvice.PreferHost), runs[1], "the run in the middle");
        ExecOnEach(queue, buffer, [0, Size / 4, Size * 3 / 4]);
        ExpectPlaces(client, buffer, [(0, true), (Size / 4, false), (Size * 3 / 4, true)]);
    }

    private static void Split(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        client.Advise(AddressRange.FromLength(buffer.Address + Half, Half), MemoryAdvice.PreferDevice);
        client.Advise(AddressRange.FromLength(buffer.Address, Half), MemoryAdvice.RemoteMap);
        client.Process.Protect(buffer.Address + (Half / 2), Half, Protection.Read);
        client.Process.Protect(buffer.Address + (Half / 2), Half, Protection.ReadWrite);
        ExecOnEach(queue, buffer, [0, Half]);
        ExpectPlaces(client, buffer, [(0, false), (Half, true)]);
    }

    private static void Change(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        AddressRange upper = AddressRange.FromLength(buffer.Address + Half, Half);
        ExecOnEach(queue, buffer, [0, Half]);
        client.Advise(upper, MemoryAdvice.RemoteMap);
        client.ExpectGone(upper, "where advice has changed");
        Expect.That(client.Client.Mirror.HasPages(AddressRange.PageAt(buffer.Address)), "where nothing was said the GPU keeps its entries");
        queue.RunOwn(buffer.Address + Half, 5);
    }

    private static void Same(GpuClient client, DirectQueue queue, TestBuffer buffer)
    {
        client.Advise(buffer.Range, MemoryAdvice.RemoteMap);
        ExecOnEach(queue, buffer, [0, Half]);
        client.Advise(buffer.Range, MemoryAdvice.RemoteMap);
        client.Advise(AddressRange.FromLength(buffer.Address + Half, Half), MemoryAdvice.RemoteMap);
        foreach (ulong offset in (ulong[])[0, Half])
        {
            Expect.That(client.Client.Mirror.HasPages(AddressRange.PageAt(buffer.Address + offset)), $"the GPU keeps its entry at {offset}");
        }
    }

    /// <summary>Has an exec write on each of these pages, and nobody look.</summary>
    private static void ExecOnEach(DirectQueue queue, TestBuffer buffer, ReadOnlySpan<ulong> offsets)
    {
        foreach (ulong offset in offsets)
        {
            VirtualAddress record = buffer.Address + offset;
            queue.Write(record, new ExecBatch(record + ExecRecord.Data, 50 + offset, queue.Fence));
            queue.Run(record, 50 + offset);
        }
    }

    private static void ExpectPlaces(GpuClient client, TestBuffer buffer, ReadOnlySpan<(ulong Offset, bool IsOnDevice)> pages)
    {
        foreach ((ulong offset, bool isOnDevice) in pages)
        {
            AddressRange page = AddressRange.PageAt(buffer.Address + offset);
            client.Process.ExpectPlace(page, isOnDevice ? PageLocation.DevicePrivate : PageLocation.System);
        }
    }
}
