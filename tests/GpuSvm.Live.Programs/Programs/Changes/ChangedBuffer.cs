using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>Buffers whose pages are where a scenario wants them: in system memory, or in the GPU's.</summary>
internal sealed class ChangedBuffer(SvmSession svm, bool isDevice)
{
    /// <summary>Pages of each buffer.</summary>
    public const int Pages = 8;

    /// <summary>Bytes of each buffer.</summary>
    public const ulong Bytes = Pages * Page.Size;

    /// <summary>The session.</summary>
    public SvmSession Svm { get; } = svm;

    /// <summary>Pages that the engine's buffers hold in system memory.</summary>
    public long PagesHeld => ProcessView.PagesHeld(Svm.EngineProcessId);

    /// <summary>Address of a page.</summary>
    public static VirtualAddress At(VirtualAddress start, int page) => start + ((ulong)page * Page.Size);

    /// <summary>Maps a buffer at a place, whose pages hold 100, 101 and so on from the CPU and 1000 more from the GPU.</summary>
    public async Task<VirtualAddress> MapAsync(VirtualAddress place)
    {
        Check.Equal(Errno.None, Svm.TryMap(place, Bytes, Protection.ReadWrite, out VirtualAddress start), "mapping");
        Check.Equal(place, start, "place");
        for (int page = 0; page < Pages; page++)
        {
            Svm.Word(start, page) = 100 + page;
        }

        (await Svm.AddAsync(start, Pages, 1000)).ThrowIfFailed();
        await DemandPlaceAsync(start, Pages);
        return start;
    }

    /// <summary>Demands that pages are where the scenario wants them.</summary>
    public async Task DemandPlaceAsync(VirtualAddress start, int pages)
    {
        PagePlacement wanted = isDevice ? PagePlacement.DeviceMemory : PagePlacement.SystemMemory;
        for (int page = 0; page < pages; page++)
        {
            Check.Equal(wanted, (await Svm.ResidencyAsync(At(start, page))).Placement, $"place of page {page}");
            Check.Equal(!isDevice, PagemapEntry.Of(At(start, page)).IsPresent, $"page {page} is the CPU's");
        }
    }

    /// <summary>Demands what pages hold, on the GPU, which adds 1 to each, and then on the CPU.</summary>
    /// <param name="start">The first page.</param>
    /// <param name="pages">Number of pages.</param>
    /// <param name="first">What the first holds; the others one more each. Null for zeros.</param>
    /// <param name="what">What is looked at.</param>
    public async Task DemandAsync(VirtualAddress start, int pages, int? first, string what)
    {
        (await Svm.AddAsync(start, pages, 1)).ThrowIfFailed();
        for (int page = 0; page < pages; page++)
        {
            Check.Equal((first + page ?? 0) + 1, Svm.Word(start, page), $"{what}, page {page}");
        }
    }
}
