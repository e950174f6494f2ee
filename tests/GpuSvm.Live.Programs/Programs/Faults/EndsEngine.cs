using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>A kernel that ends its process, which is the engine. <c>ends-engine overflows|exits|fails</c></summary>
internal sealed class EndsEngine : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "ends-engine";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress memory = svm.Map(Page.Size, Protection.ReadWrite);
        svm.Word(memory, 0) = 1;
        await svm.TellAsync(output);
        GpuKernel<PageArgs> kernel = args[0] switch
        {
            "overflows" => RunawayKernels.Overflows,
            "exits" => RunawayKernels.Exits,
            _ => RunawayKernels.Fails,
        };
        await svm.LaunchAsync(kernel, 1, 1, new PageArgs(memory, 1, 3));
        await output.WriteLineAsync("the launch has returned");
    }
}
