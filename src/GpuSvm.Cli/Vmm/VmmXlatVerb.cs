using System.CommandLine;
using GpuSvm.Cli.Output;
using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Vmm;

/// <summary><c>gpusvm vmm xlat</c>: shows how the device walks to an address in the state that a script leaves.</summary>
internal static class VmmXlatVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create()
    {
        var file = new Argument<string>("FILE") { Description = "The script; '-' for standard input." };
        var addresses = new Argument<string[]>("ADDRESS")
        {
            Description = "Addresses, decimal or hexadecimal after 0x.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("xlat", "Carry out a script, then show each entry that translates an address.") { file, addresses };
        command.SetAction(parsed => Run(parsed.GetRequiredValue(file), [.. parsed.GetRequiredValue(addresses).Select(Parse)]));
        return command;
    }

    private static VirtualAddress Parse(string text) =>
        WordReader.TryParse(text, out ulong address) && address >> Gp100Format.AddressBits == 0
            ? new VirtualAddress(address)
            : throw new BadInputException($"ADDRESS {text}: expected a number below 2^{Gp100Format.AddressBits}, decimal or 0x…");

    private static int Run(string path, IReadOnlyList<VirtualAddress> addresses)
    {
        var machine = new ScriptMachine();
        ScriptFile.Read(path, new ScriptRunner(machine, new ScriptOutput(TextWriter.Null, PointerDisplay.Raw)).Run);
        if (machine.Space is not { } space)
        {
            throw new BadInputException($"{path}: leaves no address space, expected a script that makes one and keeps it");
        }

        foreach (VirtualAddress address in addresses)
        {
            string result = TranslationText.Describe(space.Translate(address), address);
            TextOutput.Write(address, result, Walk<Gp100Format>.Of(machine.Tables, space.Root, address));
        }

        return ExitCodes.Success;
    }
}
