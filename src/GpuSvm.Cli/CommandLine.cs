using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using GpuSvm.Cli.Bench;
using GpuSvm.Cli.Explore;
using GpuSvm.Cli.Hmm;
using GpuSvm.Cli.Runs;
using GpuSvm.Cli.SvmTesting;
using GpuSvm.Cli.Vmm;

namespace GpuSvm.Cli;

/// <summary>The tool's verbs, and how their mistakes are told.</summary>
internal static class CommandLine
{
    /// <summary>Parses the arguments and runs the verb that they name.</summary>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        ParseResult parsed = Build().Parse(args.Length == 0 ? ["--help"] : args);
        if (parsed.Errors.Count > 0 && parsed.Action is not HelpAction)
        {
            return Refuse(ExitCodes.BadInput, $"{Describe(parsed)} (see '{PathOf(parsed.CommandResult)} --help')");
        }

        try
        {
            return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false }).ConfigureAwait(false);
        }
        catch (BadInputException refused)
        {
            return Refuse(ExitCodes.BadInput, refused.Message);
        }
        catch (UnavailableException missing)
        {
            return Refuse(ExitCodes.Unavailable, missing.Message);
        }
        catch (SvmException failed)
        {
            return Refuse(ExitCodes.Failure, failed.Message);
        }
    }

    private static RootCommand Build() => new("Shared virtual memory between CPUs and a GPU, in user space.")
    {
        HelpName = "gpusvm",
        Subcommands =
        {
            RunVerb.Create(),
            ResidencyVerb.Create(),
            BenchVerb.Create(),
            ExploreVerb.Create(),
            HmmTestsVerb.Create(),
            SvmTestsVerb.Create(),
            VmmVerb.Create(),
        },
    };

    private static int Refuse(int exitCode, string message)
    {
        Console.Error.WriteLine($"gpusvm: {message.ReplaceLineEndings(" ")}");
        return exitCode;
    }

    /// <summary>The first thing that is wrong. An unknown name says more than what is missing because of it.</summary>
    private static string Describe(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string choices = string.Join(", ", command.Subcommands.Select(verb => verb.Name));
        return (parsed.UnmatchedTokens, choices) switch
        {
            ([string unknown, ..], "") => $"'{unknown}' is not an option or argument of '{PathOf(parsed.CommandResult)}'",
            ([string unknown, ..], _) => $"'{unknown}' is unknown: expected one of {choices}",
            (_, "") => parsed.Errors[0].Message.TrimEnd('.'),
            _ => $"a verb is missing: expected one of {choices}",
        };
    }

    private static string PathOf(CommandResult result)
    {
        Stack<string> names = [];
        for (SymbolResult? at = result; at is CommandResult command; at = at.Parent)
        {
            names.Push(command.Command is RootCommand ? "gpusvm" : command.Command.Name);
        }

        return string.Join(' ', names);
    }
}
