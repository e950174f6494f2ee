using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Writes the ids of its engine and guard, and then ends without a word or waits to be killed at what it does.</summary>
internal sealed class Holding : ILiveProgram
{
    private const ulong Bytes = 4 << 20;

    /// <inheritdoc/>
    public string Name => "holding";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        bool parallel = args[0] == "parallel-launch";
        SvmSession svm = await SvmSession.OpenAsync(
            new SvmOptions { Execution = parallel ? ExecutionMode.Parallel : ExecutionMode.Sequential });
        VirtualAddress flag = svm.Map(Page.Size, Protection.ReadWrite);
        VirtualAddress memory = svm.Map(8 * Page.Size, Protection.ReadWrite);
        switch (args[0])
        {
            case "exit":
                svm.Word(memory, 0) = 1;
                await svm.TellAsync(output);
                return;

            case "fault":
                SvmThread toucher = SvmThread.Start("toucher", () => TouchForEver(svm, () => { }));
                TouchForEver(svm, () => svm.TellAsync(output).GetAwaiter().GetResult());
                toucher.Join();
                return;

            default:
                Task<LaunchResult> launch = svm.StartEndless(memory, 8, flag);
                await svm.TellAsync(output);
                await launch;
                return;
        }
    }

    private static void TouchForEver(SvmSession svm, Action afterFirst)
    {
        for (int round = 0; ; round++)
        {
            VirtualAddress start = svm.Map(Bytes, Protection.ReadWrite);
            for (int page = 0; page < (int)(Bytes / Page.Size); page++)
            {
                svm.Word(start, page) = page;
            }

            svm.Unmap(start, Bytes);
            if (round == 0)
            {
                afterFirst();
            }
        }
    }
}
