using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Maps and unmaps so often that a descriptor or a frame left behind would show.</summary>
internal sealed class ManyMappings : ILiveProgram
{
    private const int Rounds = 2000;
    private const int Pages = 16;

    /// <inheritdoc/>
    public string Name => "many-mappings";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        // Room for four buffers: the fifth round would fail if the frames of the first did not come back.
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions { HeapLimit = 4 * Pages * Page.Size });
        Round(svm, 0);
        await SettleAsync(svm);
        string before = Kinds(svm.EngineProcessId);
        string ownBefore = Kinds(Environment.ProcessId);
        for (int i = 0; i < Rounds; i++)
        {
            Round(svm, i);
        }

        await SettleAsync(svm);
        Check.Equal(before, Kinds(svm.EngineProcessId), "descriptors of the engine");
        Check.Equal(ownBefore, Kinds(Environment.ProcessId), "descriptors of the app");
        Check.Equal(0, ProcessView.Buffers(svm.EngineProcessId), "buffers left");
        Check.Equal(Errno.ENOMEM, svm.TryMap(0, ((4 * Pages) + 2) * Page.Size, Protection.ReadWrite, out _), "more than the limit");
        Check.Equal(Errno.None, svm.TryMap(0, 4 * Pages * Page.Size, Protection.ReadWrite, out _), "all that the limit allows");
    }

    /// <summary>Number of descriptors of each kind, but for files of the disk, which the runtime opens when it likes.</summary>
    private static string Kinds(int processId) => string.Join(
        ", ",
        from link in ProcessView.Descriptors(processId).Values
        where !link.StartsWith('/') || link.StartsWith("/memfd:gpusvm", StringComparison.Ordinal)
        group link by link.Split(":[")[0] into kind
        orderby kind.Key
        select $"{kind.Count()} {kind.Key}");

    private static void Round(SvmSession svm, int i)
    {
        VirtualAddress start = svm.Map(Pages * Page.Size, Protection.ReadWrite);
        Check.Equal(0, svm.Word(start, i % Pages), $"round {i}");
        svm.Word(start, i % Pages) = i;
        svm.Unmap(start, Pages * Page.Size);
    }

    /// <summary>A launch begins only when all that was unmapped is acted on.</summary>
    private static async Task SettleAsync(SvmSession svm) => (await svm.AddAsync(Page.Size, 0, 0)).ThrowIfFailed();
}
