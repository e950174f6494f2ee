using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>A child made by fork(2) shares the heap: <c>forking NAME [device]</c>.</summary>
internal sealed class Forking : ILiveProgram
{
    private static readonly IReadOnlyDictionary<string, Func<ChangedBuffer, Task>> Scenarios = new Dictionary<string, Func<ChangedBuffer, Task>>
    {
        ["shares"] = Forks.SharesAsync,
        ["unmaps"] = Forks.UnmapsAsync,
        ["outlives-mapping"] = Forks.OutlivesMappingAsync,
        ["moves"] = Forks.MovesAsync,
        ["discards"] = Forks.DiscardsAsync,
        ["counts"] = Forks.CountsAsync,
        ["is-killed"] = Forks.IsKilledAsync,
        ["execs"] = Forks.ExecsAsync,
        ["forks"] = Forks.ManyAsync,
    };

    /// <inheritdoc/>
    public string Name => "forking";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        bool isDevice = args is [_, "device"];
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(64),
            Execution = ExecutionMode.Parallel,
            Ranges = new SvmRangeOptions
            {
                Placement = isDevice ? SvmResidency.Device : SvmResidency.System,
                CheckPagesThreshold = ByteSize.MiB(2),
                RetryLimit = EngineFixture.RetryLimit,
            },
        });
        await Scenarios[args[0]](new ChangedBuffer(svm, isDevice));
    }
}
