using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>Forks without exec: the child has no buffers, and an app that ends without a word does not live on in it.</summary>
internal sealed class Forked : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "forked";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress start = svm.Map(4 * Page.Size, Protection.ReadWrite);
        svm.Word(start, 0) = 5;
        if (args[0] == "reads")
        {
            using SafeFileHandle file = MemoryFile.Create("read-by-child", Page.Size);
            Check.Equal(Errno.EFAULT, ForkedChild.Reads(start, file), "a page that is there, in the child");
            Check.Equal(Errno.EFAULT, ForkedChild.Reads(start + Page.Size, file), "a fresh page, in the child");
            (await svm.AddAsync(start, 4, 3)).ThrowIfFailed();
            Check.Equal(8, svm.Word(start, 0), "the word of both, after the forks");
            await svm.DisposeAsync();
            return;
        }

        int child = ForkedChild.Stay();
        await output.WriteLineAsync($"{svm.EngineProcessId} {svm.GuardProcessId} {child}");
    }
}
