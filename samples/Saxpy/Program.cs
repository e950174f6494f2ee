// y = a * x + y: ordinary spans on the CPU, a kernel on the GPU, the same addresses, and no copy, map or flush anywhere. See docs/live.md.
using GpuSvm;

if (SvmSession.Missing is { } missing)
{
    Console.Error.WriteLine(missing);
    return 3;
}

const int Count = 1_000_000;
var options = new SvmOptions { VideoMemory = ByteSize.MiB(256), Ranges = new() { Placement = SvmResidency.Auto } }; // pages come when they are used
await using SvmSession svm = await SvmSession.OpenAsync(options);
using SvmBuffer<float> x = svm.Allocate<float>(Count);
using SvmBuffer<float> y = svm.Allocate<float>(Count);
await Print("nobody has touched y");

x.Span.Fill(1f);
y.Span.Fill(3f);
await Print("the CPU has filled it");

LaunchResult r = await svm.LaunchAsync(Kernels.Saxpy, grid: 64, block: 256, new SaxpyArgs(2f, x.Address, y.Address, Count));
r.ThrowIfFailed();
await Print("the GPU has used it");

Console.WriteLine($"y[42] is {y.Span[42]}");
await Print("the CPU has read it");
return y.Span.IndexOfAnyExcept(5f) < 0 ? 0 : 1;

// Where the first page of y is: what the driver says, and what Linux says of this process. To ask touches nothing.
async Task Print(string step) =>
    Console.WriteLine($"{step,-22}: {await svm.ResidencyAsync(y.Address)}; pagemap: {PagemapEntry.Of(y.Address)}");

internal static class Kernels
{
    public static async GpuTask Saxpy(GpuThread t, SaxpyArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Count; i += t.GridSize)
        {
            float x = await t.Load<float>(a.X + (4 * (ulong)i));
            float y = await t.Load<float>(a.Y + (4 * (ulong)i));
            await t.Store(a.Y + (4 * (ulong)i), (a.Scale * x) + y);
        }
    }
}

internal readonly record struct SaxpyArgs(float Scale, VirtualAddress X, VirtualAddress Y, int Count);
