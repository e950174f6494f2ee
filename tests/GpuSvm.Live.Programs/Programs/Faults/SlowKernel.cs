using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>A kernel that computes for several times the limit, but accesses memory meanwhile, is no runaway.</summary>
internal sealed class SlowKernel : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "slow-kernel";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { KernelLimit = TimeSpan.FromSeconds(1) });
        VirtualAddress memory = svm.Map(Page.Size, Protection.ReadWrite);
        svm.Word(memory, 0) = 1;
        (await svm.LaunchAsync(RunawayKernels.IsSlow, 1, 1, new PageArgs(memory, 1, 2500))).ThrowIfFailed();
        Check.Equal(1, svm.Word(memory, 0), "what the kernel stored at its end");
    }
}
