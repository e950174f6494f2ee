using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>
/// An app that ends, or is ended, while a child that it forked lives: the child says whether its bytes are right then. Says who all are.
/// </summary>
internal sealed class Orphaning : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "orphaning";

    /// <param name="args">Whether the app <c>exits</c>, <c>disposes</c> and exits, or <c>stays</c>; and <c>device</c>.</param>
    /// <param name="output">The processes; then what the child says.</param>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        bool isDevice = args is [_, "device"];
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(64),
            Ranges = new SvmRangeOptions { Placement = isDevice ? SvmResidency.Device : SvmResidency.System, CheckPagesThreshold = ByteSize.MiB(2) },
        });
        var b = new ChangedBuffer(svm, isDevice);
        VirtualAddress start = await b.MapAsync(Changing.Far);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Expect, start, 1100),
            new(ChildAction.Store, start + 4, 1),
            new(ChildAction.AwaitOrphaned, start, 0),
            new(ChildAction.Watch, ChangedBuffer.At(start, 3), 1103),
            new(ChildAction.Store, ChangedBuffer.At(start, 5), 55),
            new(ChildAction.Watch, ChangedBuffer.At(start, 7), 1107),
            new(ChildAction.Expect, ChangedBuffer.At(start, 5), 55),
            new(ChildAction.Print, start, 0),
        ]);
        Check.Within(TimeSpan.FromSeconds(60), () => Volatile.Read(ref svm.Span<int>(start, 2)[1]) != 0, "the child has begun");
        await svm.TellAsync(output, child);
        if (args[0] == "disposes")
        {
            await svm.DisposeAsync();
        }
        else if (args[0] == "stays")
        {
            await Task.Delay(Timeout.Infinite);
        }
    }
}
