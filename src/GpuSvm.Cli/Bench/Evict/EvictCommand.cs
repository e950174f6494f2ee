using System.CommandLine;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;

namespace GpuSvm.Cli.Bench.Evict;

/// <summary><c>gpusvm bench evict</c>.</summary>
internal static class EvictCommand
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        Option<int> blocks = NumberOption.Create("--blocks", "Blocks that fit in the memory.", EvictBench.UsualBlocks, 32, 4096);
        Option<int> passes = NumberOption.Create("--passes", "How often each workload goes through its data.", EvictBench.UsualPasses, 2, 100);
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of a table." };
        var command = new Command("evict", "What leaves a GPU's memory that is too small: each policy with the same work.") { blocks, passes, json };
        command.SetAction(parsed =>
        {
            EvictDocument document = new EvictBench(parsed.GetValue(blocks), parsed.GetValue(passes)).Count();
            if (parsed.GetValue(json))
            {
                JsonOutput.Write(document);
            }
            else
            {
                TextOutput.Write(document);
            }

            return ExitCodes.Success;
        });
        return command;
    }
}
