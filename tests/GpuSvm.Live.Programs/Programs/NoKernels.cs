using System.Reflection;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Programs;

/// <summary>Methods that another process cannot run are refused where they are passed, with one clear error.</summary>
internal sealed class NoKernels : ILiveProgram
{
    private readonly int _field = 1;

    /// <inheritdoc/>
    public string Name => "no-kernels";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        using var machine = new Machine(new MachineOptions());
        using SimulatedProcess process = machine.StartProcess();
        int captured = args.Length;
        GpuKernel<int>[] nowhere = [async (t, a) => await t.Store((ulong)a, captured), static async (t, _) => await t.Yield(), Instance];
        foreach (GpuKernel<int> kernel in nowhere)
        {
            string live = await RefusalAsync(() => svm.LaunchAsync(kernel, 1, 1, 1));
            Check.Equal(live, await RefusalAsync(() => machine.Gpu.LaunchAsync(process, kernel, 1, 1, 1)), "live and simulated");
            Contains(live, "must be one static method");
        }

        (GpuKernel<int> Kernel, string Word)[] notLive =
        [
            (TestKernels.OfGeneric, "is generic"),
            (TestKernels.OfGenericType<long>.Kernel, "is generic"),
            (WithoutFile(), "must be a file"),
        ];
        foreach ((GpuKernel<int> kernel, string word) in notLive)
        {
            Contains(await RefusalAsync(() => svm.LaunchAsync(kernel, 1, 1, 1)), word);
        }

        Contains(await RefusalAsync(() => svm.LaunchAsync(PageKernels.Add, 0, 1, default(PageArgs))), "Actual value was 0.");
        Contains(await RefusalAsync(() => svm.LaunchAsync(PageKernels.Add, 1, 257, default(PageArgs))), "which holds 256 threads");
        (await svm.LaunchAsync(PageKernels.Add, 1, 256, default(PageArgs))).ThrowIfFailed();
    }

    private static async Task<string> RefusalAsync(Func<Task> launch)
    {
        try
        {
            await launch();
            throw new CheckFailedException("what cannot be launched was launched");
        }
        catch (ArgumentException refused)
        {
            return refused.Message;
        }
    }

    private static void Contains(string text, string word) =>
        Check.That(text.Contains(word, StringComparison.Ordinal), $"'{text}' has '{word}'.");

    private static GpuKernel<int> WithoutFile() =>
        Assembly.Load(File.ReadAllBytes(typeof(NoKernels).Assembly.Location))
            .GetType(typeof(TestKernels).FullName!)!.GetMethod(nameof(TestKernels.Count))!.CreateDelegate<GpuKernel<int>>();

    private async GpuTask Instance(GpuThread t, int a) => await t.Store((ulong)a, _field);
}
