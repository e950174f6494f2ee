using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>A kernel stores to 1 page in 1,000 of memory that is all there: exactly those leave the CPU, and cost it nothing any more.</summary>
internal sealed class SparseOnDevice : ILiveProgram
{
    private const int Step = 1000;
    private const int Pages = 16 * Step;
    private const int Touched = Pages / Step;

    /// <inheritdoc/>
    public string Name => "sparse-on-device";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            Ranges = new SvmRangeOptions { Placement = SvmResidency.Device, ChunkSizes = [ByteSize.KiB(4)] },
        });
        VirtualAddress start = svm.Map(Pages * Page.Size, Protection.ReadWrite);
        svm.Span<byte>(start, Pages * (int)Page.Size).Fill(1);
        Check.Equal(Pages, ProcessView.PagesHeld(svm.EngineProcessId), "pages held at first");
        var kernelArgs = new PageArgs(start, Touched, 5) { Step = Step * Page.Size };
        (await svm.LaunchAsync(PageKernels.Store, grid: 4, block: 32, kernelArgs)).ThrowIfFailed();
        for (int page = 0; page < Pages; page++)
        {
            bool isHere = PagemapEntry.Of(start + ((ulong)page * Page.Size)).IsPresent;
            Check.Equal(page % Step != 0, isHere, $"the CPU maps page {page}");
        }

        Check.Equal(Pages - Touched, ProcessView.PagesHeld(svm.EngineProcessId), "pages held when some have left");
        for (int page = 0; page < Pages; page++)
        {
            Check.Equal(page % Step == 0 ? 5 : 0x01010101, svm.Word(start, page), $"page {page}");
        }

        Check.Equal(Pages, ProcessView.PagesHeld(svm.EngineProcessId), "pages held when all are home");
    }
}
