namespace GpuSvm.SvmTests;

/// <summary>A kernel of many threads works on memory of the program's allocator.</summary>
internal static class ComputeTest
{
    private const int Count = (int)HugePage.Size / sizeof(int);
    private const int Threads = 32;

    /// <summary>Every word of 2 MiB becomes its square, in memory that begins in the middle of a page.</summary>
    public static void Compute(SvmMachine machine)
    {
        GpuClient client = machine.AddGpu().Open(machine.AddProcess(1));
        CpuThread cpu = client.Process.Thread(0);
        VirtualAddress input = client.Process.Map(HugePage.Size + Page.Size) + 16;
        VirtualAddress output = client.Process.Map(HugePage.Size + Page.Size) + 16;
        byte[] bytes = new byte[HugePage.Size];
        for (int i = 0; i < Count; i++)
        {
            BitConverter.TryWriteBytes(bytes.AsSpan(i * sizeof(int)), i % 40_000);
        }

        cpu.Write(input, bytes);
        Channel channel = client.Join();
        LaunchResult result = machine.Await(
            client.Gpu.Device.LaunchAsync(channel.Instance, SquareAsync, 2, Threads, new SquareArgs(input, output)));
        Expect.That(result.Succeeded, $"the kernel ended as {result.Status}: {result.Fault} {result.Exception?.Message}");
        byte[] found = new byte[HugePage.Size];
        cpu.Read(output, found);
        for (int i = 0; i < Count; i++)
        {
            int x = i % 40_000;
            Expect.Equal(x * x, BitConverter.ToInt32(found, i * sizeof(int)), $"square {i}");
        }

        cpu.Read(input, found);
        Expect.Bytes(bytes, found, "the input");
    }

    private static async GpuTask SquareAsync(GpuThread t, SquareArgs args)
    {
        for (long i = t.GlobalIndex; i < Count; i += t.GridSize)
        {
            int x = await t.Load<int>(args.Input + (i * sizeof(int)));
            await t.Store(args.Output + (i * sizeof(int)), x * x);
        }
    }

    private readonly record struct SquareArgs(VirtualAddress Input, VirtualAddress Output);
}
