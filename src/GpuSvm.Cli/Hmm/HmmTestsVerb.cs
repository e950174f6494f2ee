using System.CommandLine;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Output;
using GpuSvm.HmmTests;
using GpuSvm.Mm;

namespace GpuSvm.Cli.Hmm;

/// <summary><c>gpusvm hmm-tests</c>: runs the tests that Linux has for its memory management for devices.</summary>
internal static class HmmTestsVerb
{
    private static readonly DevicePageKind[] Kinds = [DevicePageKind.Private, DevicePageKind.Coherent];

    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var name = new Argument<string?>("NAME") { Description = "A test; all if none is named.", Arity = ArgumentArity.ZeroOrOne };
        var list = new Option<bool>("--list") { Description = "Name the tests, and do nothing else." };
        var kind = new Option<string?>("--kind") { Description = "What memory the device has: private or coherent; both unless told." };
        kind.AcceptOnlyFromAmong([.. Kinds.Select(NameOf)]);
        Option<ulong> seed = NumberOption.Create("--seed", "Where all chance comes from.", 1UL, 0UL, ulong.MaxValue);
        var json = new Option<bool>("--json") { Description = "Print one JSON document instead of text." };
        var command = new Command("hmm-tests", "Run Linux's tests of memory management for devices on simulated machines.")
        {
            name, list, kind, seed, json,
        };
        command.SetAction(parsed =>
        {
            IReadOnlyList<HmmTest> tests = Choose(parsed.GetValue(name));
            bool isJson = parsed.GetValue(json);
            if (parsed.GetValue(list))
            {
                PrintList(tests, isJson);
                return ExitCodes.Success;
            }

            // Before anything looks at the switch, which counts for the life of the process: a test that leaves a lock behind fails.
            AppContext.SetSwitch("GpuSvm.Checks", true);
            string? only = parsed.GetValue(kind);
            return Print(Run(tests, [.. Kinds.Where(one => only is null || NameOf(one) == only)], parsed.GetValue(seed), isJson), isJson);
        });
        return command;
    }

    /// <summary>The name of a kind of memory on the command line.</summary>
    private static string NameOf(DevicePageKind kind) => kind == DevicePageKind.Private ? "private" : "coherent";

    private static IReadOnlyList<HmmTest> Choose(string? name)
    {
        if (name is null)
        {
            return HmmTestSuite.All;
        }

        HmmTest? found = HmmTestSuite.All.FirstOrDefault(test => test.Name == name);
        return found is not null
            ? [found]
            : throw new BadInputException($"NAME {name}: is unknown, expected one of {string.Join(", ", HmmTestSuite.All)}");
    }

    private static HmmTestsDocument Run(IReadOnlyList<HmmTest> tests, DevicePageKind[] kinds, ulong seed, bool isJson)
    {
        List<HmmTestRow> rows = [];
        foreach (HmmTest test in tests)
        {
            foreach (DevicePageKind kind in kinds)
            {
                var row = new HmmTestRow(test.Name, NameOf(kind), test.Run(kind, seed));
                rows.Add(row);
                if (!isJson)
                {
                    TextOutput.Write(row);
                }
            }
        }

        return new HmmTestsDocument(seed, rows);
    }

    private static void PrintList(IReadOnlyList<HmmTest> tests, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(new HmmTestsList([.. tests.Select(test => new HmmTestsListRow(test.Name, test.Summary))]));
        }
        else
        {
            TextOutput.Write(tests);
        }
    }

    private static int Print(HmmTestsDocument document, bool isJson)
    {
        if (isJson)
        {
            JsonOutput.Write(document);
        }
        else
        {
            TextOutput.Write(document);
        }

        return document.Failed == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }
}
