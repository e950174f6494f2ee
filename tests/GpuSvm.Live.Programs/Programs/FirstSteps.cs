namespace GpuSvm.Live.Programs;

/// <summary>The whole way once: the CPU stores, the GPU adds, the CPU reads; and back.</summary>
internal sealed class FirstSteps : ILiveProgram
{
    private const int Count = 100_000;

    /// <inheritdoc/>
    public string Name => "first-steps";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        using SvmBuffer<int> numbers = svm.Allocate<int>(Count);
        for (int i = 0; i < Count; i++)
        {
            numbers.Span[i] = i;
        }

        LaunchResult result = await svm.LaunchAsync(Add, grid: 16, block: 32, new AddArgs(numbers.Address, Count, 7));
        result.ThrowIfFailed();
        for (int i = 0; i < Count; i++)
        {
            Check.Equal(i + 7, numbers.Span[i], $"number {i}");
        }

        MachineCounters counters = await svm.CountersAsync();
        Check.Equal((Count * sizeof(int) / 4096) + 1, counters.PagesMapped, "pages mapped");
        await output.WriteLineAsync($"{await svm.ResidencyAsync(numbers.Address)} at {numbers.Address}");
    }

    private static async GpuTask Add(GpuThread t, AddArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            await t.Store(a.Base + (4 * (ulong)i), a.Term + await t.Load<int>(a.Base + (4 * (ulong)i)));
        }
    }

    private readonly record struct AddArgs(VirtualAddress Base, long Count, int Term);
}
