using System.Globalization;
using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Migration;

/// <summary>A kernel goes through more memory than the GPU has, time and again: others leave for what it needs, and nothing is lost.</summary>
/// <remarks><c>oversubscribed PERCENT</c>: of the GPU's memory.</remarks>
internal sealed class Oversubscribed : ILiveProgram
{
    private const int Rounds = 3;
    private static readonly ByteSize VideoMemory = ByteSize.MiB(8);

    /// <inheritdoc/>
    public string Name => "oversubscribed";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        int pages = (int)(VideoMemory.Bytes / Page.Size) * int.Parse(args[0], CultureInfo.InvariantCulture) / 100;
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = VideoMemory,
            Eviction = EvictionPolicy.LeastRecentlyUsed,
            Ranges = new SvmRangeOptions { Placement = SvmResidency.Device, ChunkSizes = [ByteSize.KiB(64), ByteSize.KiB(4)] },
        });
        VirtualAddress start = svm.MapAligned(pages);
        for (int page = 0; page < pages; page++)
        {
            svm.Word(start, page) = page;
        }

        for (int round = 0; round < Rounds; round++)
        {
            (await svm.AddAsync(start, pages, 1)).ThrowIfFailed();
        }

        MigrationCounters moved = (await svm.CountersAsync()).Migration;
        Check.That(moved.PagesHomeByEviction >= pages - (long)(VideoMemory.Bytes / Page.Size), $"Pages have left for others: {moved}");
        Check.That(moved.PeakVideoPages <= (long)(VideoMemory.Bytes / Page.Size), $"No more than there is: {moved}");
        for (int page = 0; page < pages; page++)
        {
            Check.Equal(page + Rounds, svm.Word(start, page), $"page {page}");
        }

        await output.WriteLineAsync($"{moved.PagesToDeviceByFault} pages came, {moved.PagesHomeByEviction} left for others");
    }
}
