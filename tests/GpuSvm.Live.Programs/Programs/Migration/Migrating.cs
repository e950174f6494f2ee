using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>Pages go to the GPU's memory when it touches them and come home when the CPU does: gone here, present there, and nothing is lost.</summary>
internal sealed class Migrating : ILiveProgram
{
    private const int Pages = 1024;

    /// <inheritdoc/>
    public string Name => "migrating";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(64),
            Ranges = new SvmRangeOptions { Placement = SvmResidency.Device },
            ReadAroundPages = 64,
        });
        VirtualAddress start = svm.MapAligned(Pages);
        for (int i = 0; i < Pages; i++)
        {
            svm.Word(start, i) = i;
        }

        Check.Equal(Pages, ProcessView.PagesHeld(svm.EngineProcessId), "pages held at first");
        (await svm.AddAsync(start, Pages, 1000)).ThrowIfFailed();
        for (int i = 0; i < Pages; i++)
        {
            Check.That(!PagemapEntry.Of(start + ((ulong)i * Page.Size)).IsPresent, $"Page {i} is not the CPU's any more.");
        }

        Check.Equal(0, ProcessView.PagesHeld(svm.EngineProcessId), "pages held when all are on the GPU");
        Check.Equal(
            new PageResidency(PagePlacement.DeviceMemory, Protection.None, Protection.ReadWrite), await svm.ResidencyAsync(start), "residency");
        Check.Equal(1000 + 70, svm.Word(start, 70), "page 70");
        Check.Equal(64, ProcessView.PagesHeld(svm.EngineProcessId), "pages held when one block is home");
        for (int i = 0; i < Pages; i++)
        {
            Check.Equal(1000 + i, svm.Word(start, i)++, $"page {i}");
        }

        Check.Equal(Pages, ProcessView.PagesHeld(svm.EngineProcessId), "pages held at home");
        (await svm.AddAsync(start, Pages, 1000)).ThrowIfFailed();
        Check.Equal(0, ProcessView.PagesHeld(svm.EngineProcessId), "pages held when all have left again");
        MigrationCounters moved = (await svm.CountersAsync()).Migration;
        Check.Equal((2 * Pages, Pages), (moved.PagesToDeviceByFault, moved.PagesHomeByFault), "pages moved to and fro");
        for (int i = Pages - 1; i >= 0; i--)
        {
            Check.Equal(2001 + i, svm.Word(start, i), $"page {i} in the end");
        }
    }
}
