using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>A kernel touches 1 page in 1,000 of 1 GiB: nothing else is mapped, and nothing else costs memory.</summary>
internal sealed class Sparse : ILiveProgram
{
    private const int Step = 1000;
    private const int Touched = ((1 << 18) + Step - 1) / Step;

    /// <inheritdoc/>
    public string Name => "sparse";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { HeapLimit = ByteSize.GiB(2) });
        using SvmBuffer<int> large = svm.Allocate<int>(1 << 28);
        using SvmBuffer<int> small = svm.Allocate<int>(1);
        var kernelArgs = new PageArgs(large.Address, Touched, 5) { Step = Step * Page.Size };
        (await svm.LaunchAsync(PageKernels.Store, grid: 4, block: 32, kernelArgs)).ThrowIfFailed();
        Check.Equal(Touched, (await svm.CountersAsync()).PagesMapped, "pages mapped by the GPU");
        Check.Equal(Touched, ProcessView.PagesHeld(svm.EngineProcessId), "pages held");
        for (int i = 0; i < Touched - 1; i++)
        {
            VirtualAddress page = large.Address + ((ulong)i * Step * Page.Size);
            Check.Equal(5, svm.Word(page, 0), $"page {i}");
            Check.That(PagemapEntry.Of(page).IsPresent, $"The CPU maps page {i}.");
            Check.That(!PagemapEntry.Of(page + Page.Size).IsPresent, $"Nobody has touched the page behind page {i}.");
        }

        Check.Equal(Touched, ProcessView.PagesHeld(svm.EngineProcessId), "pages held after the CPU has read them");
        IReadOnlyDictionary<int, string> descriptors = ProcessView.Descriptors(svm.EngineProcessId);
        Check.Equal(1, descriptors.Values.Count(link => link == "anon_inode:[userfaultfd]"), "userfaultfds of the engine");
        Check.Equal(2, ProcessView.Buffers(svm.EngineProcessId), "memfds of the engine");
    }
}
