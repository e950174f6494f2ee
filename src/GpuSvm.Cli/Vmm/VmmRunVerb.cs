using System.CommandLine;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm;

/// <summary><c>gpusvm vmm run</c>: carries out a script and prints a line for each of its operations.</summary>
internal static class VmmRunVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE")
        {
            Description = "The script; '-' for standard input.",
            DefaultValueFactory = _ => ScriptFile.StandardInput,
        };
        var normalise = new Option<bool>("-n") { Description = "Show addresses of tables as 0, so that outputs can be compared." };
        var command = new Command("run", "Carry out a script of operations on a GP100 address space.") { file, normalise };
        command.SetAction(parsed => Run(
            parsed.GetRequiredValue(file), parsed.GetValue(normalise) ? PointerDisplay.Zero : PointerDisplay.Raw));
        return command;
    }

    private static int Run(string path, PointerDisplay pointers)
    {
        using var lines = new StreamWriter(Console.OpenStandardOutput(), bufferSize: 1 << 16)
        {
            // Who types a script wants to see each result.
            AutoFlush = path == ScriptFile.StandardInput && !Console.IsInputRedirected,
        };
        ScriptLeaks left = default;
        ScriptFile.Read(path, script =>
        {
            var runner = new ScriptRunner(new ScriptMachine(), new ScriptOutput(lines, pointers));
            runner.Run(script);
            left = runner.Finish();
        });
        return left.Any ? ExitCodes.Leak : ExitCodes.Success;
    }
}
