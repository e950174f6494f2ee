using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>map address size id offset [ro] [priv] [vol] [kind=K]</c>: maps a memory object.</summary>
/// <param name="Address">Where.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Id">Which object.</param>
/// <param name="Offset">Where in the object to begin.</param>
/// <param name="Attributes">What the option words say; null without any.</param>
internal sealed record MapOperation(ulong Address, ulong Size, ulong Id, ulong Offset, MapAttributes? Attributes) : SpaceOperation
{
    private const string KindOption = "kind=";

    /// <summary>Parses the arguments.</summary>
    public static MapOperation? Parse(ref WordReader words)
    {
        if (!words.TryNumber(out ulong address) ||
            !words.TryNumber(out ulong size) ||
            !words.TryNumber(out ulong id) ||
            !words.TryNumber(out ulong offset))
        {
            return null;
        }

        MapAttributes? attributes = null;
        while (words.TryWord(out ReadOnlySpan<char> option))
        {
            if (!TryAdd(option, attributes ?? default, out MapAttributes more))
            {
                return null;
            }

            attributes = more;
        }

        return new MapOperation(address, size, id, offset, attributes);
    }

    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output) =>
        output.Answer(machine.Objects[Id] is { } memory
            ? space.Map(new VirtualAddress(Address), Size, memory, Offset, Attributes)
            : Errno.ENOENT);

    private static bool TryAdd(ReadOnlySpan<char> option, MapAttributes before, out MapAttributes after)
    {
        if (option.StartsWith(KindOption, StringComparison.Ordinal))
        {
            bool isNumber = WordReader.TryParse(option[KindOption.Length..], out ulong kind);

            // A kind that does not fit the field is as unknown as 255 is.
            after = before with { Kind = (byte)Math.Min(kind, byte.MaxValue) };
            return isNumber;
        }

        PageAttributes attribute = option switch
        {
            "ro" => PageAttributes.ReadOnly,
            "priv" => PageAttributes.Privileged,
            "vol" => PageAttributes.Volatile,
            _ => PageAttributes.None,
        };
        after = before with { Attributes = before.Attributes | attribute };
        return attribute != PageAttributes.None;
    }
}
