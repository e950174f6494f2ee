using System.Diagnostics;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>The guard is killed: the session goes on without, and ends in order.</summary>
internal sealed class Unguarded : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "unguarded";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        using Process engine = Process.GetProcessById(svm.EngineProcessId);
        using Process guard = Process.GetProcessById(svm.GuardProcessId);
        guard.Kill();
        await guard.WaitForExitAsync();
        VirtualAddress start = svm.Map(4 * Page.Size, Protection.ReadWrite);
        svm.Word(start, 1) = 4;
        (await svm.AddAsync(start, 4, 3)).ThrowIfFailed();
        Check.Equal(7, svm.Word(start, 1), "a word of both");
        Check.Equal(3, svm.Word(start, 2), "a word of the GPU");
        await svm.DisposeAsync();
        await engine.WaitForExitAsync();
        Check.Equal(0, ProcessView.Children().Count, "children left");
    }
}
