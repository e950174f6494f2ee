using System.CommandLine;
using GpuSvm.Cli.Output;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm;

/// <summary><c>gpusvm vmm formats</c>: shows the page-table formats, or the tables and bits of one.</summary>
internal static class VmmFormatsVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var name = new Argument<string?>("NAME")
        {
            Description = "A format, to see its tables and bits; left out, the formats are listed.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var command = new Command("formats", "Show the page-table formats, or the tables and bit fields of one.") { name };
        command.SetAction(parsed => Run(parsed.GetValue(name)));
        return command;
    }

    private static int Run(string? name)
    {
        if (name is null)
        {
            TextOutput.Write(FormatSheet.All);
            return ExitCodes.Success;
        }

        FormatSheet sheet = FormatSheet.All.FirstOrDefault(one => one.Name == name) ?? throw new BadInputException(
            $"NAME {name}: is unknown, expected one of {string.Join(", ", FormatSheet.All.Select(one => one.Name))}");
        TextOutput.Write(sheet);
        return ExitCodes.Success;
    }
}
