using System.Diagnostics;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Ends a session while a kernel runs; before that a terminal's Ctrl-C goes past engine and guard.</summary>
internal sealed class Disposing : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "disposing";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        foreach (ExecutionMode mode in (ExecutionMode[])[ExecutionMode.Sequential, ExecutionMode.Parallel])
        {
            SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { Execution = mode });
            using Process engine = Process.GetProcessById(svm.EngineProcessId);
            using Process guard = Process.GetProcessById(svm.GuardProcessId);
            VirtualAddress memory = svm.Map(8 * Page.Size, Protection.ReadWrite);
            RawCalls.Signal(engine.Id, RawCalls.SignalInterrupt);
            RawCalls.Signal(guard.Id, RawCalls.SignalInterrupt);
            (await svm.AddAsync(memory, 8, 0)).ThrowIfFailed();

            SvmBuffer<int> buffer = svm.Allocate<int>(1);
            Task<LaunchResult> launch = svm.StartEndless(memory, 8, buffer.Address);
            await svm.DisposeAsync();
            Check.That(launch.IsCompleted, $"{mode}: no launch is under way once a session has ended");
            Check.Equal(LaunchStatus.Cancelled, (await launch).Status, $"{mode}: the launch");
            await engine.WaitForExitAsync();
            await guard.WaitForExitAsync();

            await svm.DisposeAsync();
            await DemandOverAsync(svm, memory, buffer);
        }

        Check.Equal(0, ProcessView.Children().Count, "children left");
    }

    private static async Task DemandOverAsync(SvmSession svm, VirtualAddress memory, SvmBuffer<int> buffer)
    {
        Func<Task>[] calls =
        [
            () => Task.FromResult(svm.Map(1, Protection.Read)),
            () => Task.FromResult(svm.Allocate<int>(1)),
            () => Task.FromResult(svm.Span<int>(memory, 1).Length),
            () => Task.FromResult(buffer.Span.Length),
            () => svm.AddAsync(memory, 1, 1),
            () => svm.CountersAsync(),
            () => svm.ResidencyAsync(memory),
        ];
        for (int i = 0; i < calls.Length; i++)
        {
            try
            {
                await calls[i]();
                throw new CheckFailedException($"call {i} after the end is not refused");
            }
            catch (ObjectDisposedException)
            {
            }
        }

        buffer.Dispose();
    }
}
