using System.Diagnostics;
using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>An app that handles signals which its whole group gets goes on with its GPU.</summary>
internal sealed class GroupSignalled : ILiveProgram
{
    private const int Rounds = 50;

    /// <inheritdoc/>
    public string Name => "group-signalled";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        RawCalls.BeginSession();
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress start = svm.Map(4 * Page.Size, Protection.ReadWrite);
        using Process engine = Process.GetProcessById(svm.EngineProcessId);
        using Process guard = Process.GetProcessById(svm.GuardProcessId);
        foreach (PosixSignal signal in (PosixSignal[])[PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP, PosixSignal.SIGQUIT])
        {
            using var handled = new ManualResetEventSlim();
            using var registration = PosixSignalRegistration.Create(signal, context =>
            {
                context.Cancel = true;
                handled.Set();
            });
            RawCalls.SignalGroup(signal);
            Check.That(handled.Wait(TimeSpan.FromSeconds(60)), $"{signal} is handled");
        }

        for (int i = 0; i < Rounds; i++)
        {
            (await svm.AddAsync(start, 4, 3)).ThrowIfFailed();
        }

        Check.Equal(3 * Rounds, svm.Word(start, 3), "a word of the GPU");
        Check.That(!engine.HasExited && !guard.HasExited, "engine and guard are there");
        await svm.DisposeAsync();
        Check.That(engine.HasExited && guard.HasExited, "engine and guard have ended in order");
    }
}
