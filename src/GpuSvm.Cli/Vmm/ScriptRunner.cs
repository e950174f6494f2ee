using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Operations;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm;

/// <summary>Carries out a script, line by line.</summary>
/// <param name="machine">What it works on.</param>
/// <param name="output">Gets the results.</param>
internal sealed class ScriptRunner(ScriptMachine machine, ScriptOutput output)
{
    /// <summary>Carries out a script to its end, or to its <c>end</c>.</summary>
    public void Run(TextReader script)
    {
        var lines = new LineReader(script);
        while (lines.TryRead(out ReadOnlySpan<char> line, out bool isWhole))
        {
            var words = new WordReader(line);
            if (!words.TryWord(out ReadOnlySpan<char> name))
            {
                continue;
            }

            output.Begin(name);
            Operation? operation = isWhole ? Operation.Parse(name, ref words) : null;
            if (operation is null)
            {
                output.BadLine();
                continue;
            }

            operation.Run(machine, output);
            if (operation is EndOperation)
            {
                break;
            }
        }
    }

    /// <summary>Releases everything, and prints what is left.</summary>
    /// <returns>What is left.</returns>
    public ScriptLeaks Finish()
    {
        ScriptLeaks left = machine.Teardown();
        output.Begin("teardown");
        output.Print(
            $"{(left.Any ? "leak" : "ok")} pt={left.PageTables} sw={left.Records} mem={left.Objects} dma={left.DmaMappings} " +
            $"warn={left.Findings}");
        return left;
    }
}
