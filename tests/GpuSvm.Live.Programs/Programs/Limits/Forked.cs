using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Forks without exec: an app that ends without a word does not live on in its child.</summary>
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
        int child = ForkedChild.Stay();
        await svm.TellAsync(output, child);
    }
}
