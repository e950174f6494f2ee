using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>What a program does to the mappings of its buffers, by system calls behind the session's back: <c>changing NAME [device]</c>.</summary>
internal sealed class Changing : ILiveProgram
{
    /// <summary>Far from where the system maps for others, so that what is free there stays free until this program takes it.</summary>
    public const ulong Far = 0x5000_0000_0000;

    private static readonly IReadOnlyDictionary<string, Func<ChangedBuffer, Task>> Scenarios = new Dictionary<string, Func<ChangedBuffer, Task>>
    {
        ["move"] = Moves.WholeAsync,
        ["move-part"] = Moves.PartAsync,
        ["move-over"] = Moves.OverAnotherAsync,
        ["move-to-and-fro"] = Moves.ToAndFroAsync,
        ["keep-old"] = Moves.KeepOldAsync,
        ["twice"] = Moves.TwiceAsync,
        ["shrink"] = Moves.ShrinkAsync,
        ["grow"] = Moves.GrowAsync,
        ["discard"] = Losses.DiscardAsync,
        ["remove"] = Losses.RemoveAsync,
        ["replace"] = Losses.ReplaceAsync,
        ["replace-two"] = Losses.ReplaceTwoAsync,
        ["unmap-moved"] = Losses.UnmapMovedAsync,
    };

    /// <inheritdoc/>
    public string Name => "changing";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        bool isDevice = args is [_, "device"];
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(64),
            Ranges = new SvmRangeOptions { Placement = isDevice ? SvmResidency.Device : SvmResidency.System, CheckPagesThreshold = ByteSize.MiB(2) },
        });
        await Scenarios[args[0]](new ChangedBuffer(svm, isDevice));
    }
}
