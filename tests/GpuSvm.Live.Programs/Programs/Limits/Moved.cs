using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Moves a buffer with mremap, which is not followed: whatever it still reads until it is killed is right.</summary>
internal sealed class Moved : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "moved";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress start = svm.Map(2 * Page.Size, Protection.ReadWrite);
        VirtualAddress target = svm.Map(2 * Page.Size, Protection.ReadWrite);
        svm.Word(start, 0) = 5;
        await output.WriteLineAsync($"{svm.EngineProcessId} {svm.GuardProcessId}");
        await output.FlushAsync();
        RawCalls.Move(start, 2 * Page.Size, target);
        while (true)
        {
            Check.Equal(5, Volatile.Read(ref svm.Word(target, 0)), "the moved word");
        }
    }
}
