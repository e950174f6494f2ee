using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Makes a buffer read-only with mprotect, which binds the CPU alone: the GPU still writes, the app's own store ends it.</summary>
internal sealed class ShrunkRights : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "shrunk-rights";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress start = svm.Map(2 * Page.Size, Protection.ReadWrite);
        svm.Word(start, 0) = 5;
        RawCalls.Protect(start, 2 * Page.Size, RawCalls.ReadOnly);
        (await svm.AddAsync(start, 2, 3)).ThrowIfFailed();
        await output.WriteLineAsync($"{svm.Word(start, 0)} {svm.Word(start, 1)}");
        await output.FlushAsync();
        Native.Store(start.Value, 1);
        await output.WriteLineAsync("stored");
    }
}
