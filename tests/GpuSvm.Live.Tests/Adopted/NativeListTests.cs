using System.Diagnostics;
using GpuSvm.Live.Tests.Infrastructure;

namespace GpuSvm.Live.Tests.Adopted;

/// <summary>A C program that links nothing but a small shim has its malloc'd list summed by the GPU, and changed in place.</summary>
public sealed class NativeListTests
{
    private const string Kernels = "GpuSvm.Live.Programs.Kernels.AdoptedKernels";

    [GccFact]
    public async Task A_C_program_has_its_list_summed_and_changed_in_place()
    {
        string folder = Path.Combine(AppContext.BaseDirectory, "NativeList");
        string program = Path.Combine(Path.GetTempPath(), $"gpusvm-list-{Environment.ProcessId}");
        try
        {
            await DemandAsync("gcc", ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program, Path.Combine(folder, "list.c"), Path.Combine(folder, "gpusvm.c")]);
            string output = await DemandAsync(program, [InBase("GpuSvm.Engine.dll"), InBase("GpuSvm.Live.Programs.dll"), Kernels, "SumAndAdd"]);
            Assert.Equal(
                "12497500 on the GPU, then 12547500 here\n12547500 on the GPU, then 12597500 here\n12597500 on the GPU, then 12647500 here\n",
                output);
        }
        finally
        {
            File.Delete(program);
        }
    }

    private static string InBase(string file) => Path.Combine(AppContext.BaseDirectory, file);

    private static async Task<string> DemandAsync(string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        using Process process = Process.Start(start)!;
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(120));
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token);
        Task<string> errors = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        Assert.True(process.ExitCode == 0, $"{program}: exit code {process.ExitCode}\n{await output}{await errors}");
        return await output;
    }

    /// <summary>Skipped, with the reason, where live memory or gcc is missing.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class GccFactAttribute : FactAttribute
    {
        public GccFactAttribute() => Skip = Adopting.Missing ?? (HasGcc ? null : "there is no gcc on the path");

        private static bool HasGcc =>
            (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, "gcc")));
    }
}
