using System.CommandLine;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm;

/// <summary><c>gpusvm vmm check</c>: carries out a script, and says whether books and tables agree and nothing is forgotten.</summary>
internal static class VmmCheckVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The script; '-' for standard input." };
        var command = new Command("check", "Carry out a script, then compare the address space's books with its page tables.") { file };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file)));
        return command;
    }

    private static int Run(string path)
    {
        var machine = new ScriptMachine();
        ScriptFile.Read(path, new ScriptRunner(machine, new ScriptOutput(TextWriter.Null, PointerDisplay.Raw)).Run);
        List<string> findings = [.. (machine.Space?.Check() ?? []).Select(one => $"{one.What} at 0x{one.Address.Value:x}")];
        ScriptLeaks left = machine.Teardown();
        AddLeak(findings, left.PageTables, "page tables");
        AddLeak(findings, left.Records, "records of page tables");
        AddLeak(findings, left.Objects, "memory objects");
        AddLeak(findings, left.DmaMappings, "DMA mappings");
        foreach (string finding in findings)
        {
            Console.Out.WriteLine(finding);
        }

        Console.Out.WriteLine(
            findings.Count == 0 ? "books and page tables agree, and nothing is left behind" : $"findings: {findings.Count}");
        return findings.Count == 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static void AddLeak(List<string> findings, long count, string what)
    {
        if (count != 0)
        {
            findings.Add($"{what} left after everything was released: {count}");
        }
    }
}
