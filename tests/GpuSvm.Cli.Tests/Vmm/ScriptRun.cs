using GpuSvm.Cli.Vmm;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Runs scripts in this process.</summary>
internal static class ScriptRun
{
    /// <summary>The lines that <c>vmm run -n</c> prints for a script, its teardown included.</summary>
    public static string[] Lines(string script) => Lines(script, PointerDisplay.Zero);

    /// <summary>The lines that <c>vmm run</c> prints for a script, its teardown included.</summary>
    public static string[] Lines(string script, PointerDisplay pointers)
    {
        using var lines = new StringWriter();
        var runner = new ScriptRunner(new ScriptMachine(), new ScriptOutput(lines, pointers));
        runner.Run(new StringReader(script));
        runner.Finish();
        return lines.ToString().TrimEnd('\n').Split('\n');
    }

    /// <summary>The results of a script's operations, without their numbers and without its teardown.</summary>
    public static string[] Results(params string[] operations) =>
        [.. Lines(string.Join('\n', operations)).SkipLast(1).Select(line => line[(line.IndexOf(' ') + 1)..])];
}
