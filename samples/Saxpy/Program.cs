// y = a * x + y: a plain span on the CPU, a kernel on the GPU, and both use the same addresses. See docs/live.md.
using GpuSvm;

if (SvmSession.Missing is { } missing)
{
    Console.Error.WriteLine(missing);
    return 3;
}

const int Count = 100_000;
await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
using SvmBuffer<float> x = svm.Allocate<float>(Count);
using SvmBuffer<float> y = svm.Allocate<float>(Count);
using SvmBuffer<ulong> notes = svm.Allocate<ulong>(2); // where the kernel finds y, and whether it may end
await Print("before the first touch");

for (int i = 0; i < Count; i++)
{
    x.Span[i] = i;
    y.Span[i] = 1;
}

await Print("after the CPU filled it");
Task<LaunchResult> launch = svm.LaunchAsync(Saxpy, grid: 16, block: 32, new SaxpyArgs(2, x.Address, y.Address, Count, notes.Address));
while (!launch.IsCompleted && Volatile.Read(ref notes.Span[0]) == 0)
{
    await Task.Yield();
}

await Print("during the launch", notes.Span[0]);
Volatile.Write(ref notes.Span[1], 1);
(await launch).ThrowIfFailed();
await Print("after it", notes.Span[0]);

int wrong = Enumerable.Range(0, Count).Count(i => y.Span[i] != (2 * i) + 1);
Console.WriteLine(wrong == 0 ? $"all {Count} values are right" : $"{wrong} of {Count} values are wrong");
return wrong == 0 && notes.Span[0] == y.Address.Value ? 0 : 1;

async Task Print(string step, ulong gpuAddress = 0)
{
    PagemapEntry page = PagemapEntry.Of(y.Address); // what Linux says; reading it touches nothing
    MachineCounters counters = await svm.CountersAsync();
    Console.WriteLine($"{step}: y is at {y.Address} for the CPU" + (gpuAddress == 0 ? "" : $", at {new VirtualAddress(gpuAddress)} for the GPU"));
    Console.WriteLine($"  {await svm.ResidencyAsync(y.Address)}; pagemap: {page}");
    Console.WriteLine($"  {counters.Faults} GPU faults, {counters.PagesMapped} pages mapped");
}

static async GpuTask Saxpy(GpuThread t, SaxpyArgs a)
{
    for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
    {
        VirtualAddress y = a.Y + (4 * (ulong)i);
        await t.Store(y, (a.A * await t.Load<float>(a.X + (4 * (ulong)i))) + await t.Load<float>(y));
        if (i == 0)
        {
            await t.Store(a.Notes, y.Value);
        }
    }

    while (await t.Load<ulong>(a.Notes + 8) == 0)
    {
        await t.Yield(); // the CPU is looking
    }
}

internal readonly record struct SaxpyArgs(float A, VirtualAddress X, VirtualAddress Y, int Count, VirtualAddress Notes);
