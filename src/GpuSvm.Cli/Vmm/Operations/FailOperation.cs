using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary>What a script can let fail.</summary>
internal enum FailureClass
{
    /// <summary>Page-table memory.</summary>
    PageTables,

    /// <summary>The address space's own records of tables.</summary>
    Tables,

    /// <summary>The address space's own records of its pieces.</summary>
    Areas,
}

/// <summary><c>fail pt|sw|vma n[+]</c>: lets the n-th allocation of a class fail, or all from that one on.</summary>
internal sealed record FailOperation(FailureClass Class, ulong Number, bool IsLasting) : Operation
{
    /// <summary>Parses the arguments.</summary>
    public static FailOperation? Parse(ref WordReader words)
    {
        if (!words.TryWord(out ReadOnlySpan<char> name) || !words.TryWord(out ReadOnlySpan<char> count))
        {
            return null;
        }

        bool isLasting = count.EndsWith('+');
        FailureClass? failing = name switch
        {
            "pt" => FailureClass.PageTables,
            "sw" => FailureClass.Tables,
            "vma" => FailureClass.Areas,
            _ => null,
        };
        return failing is { } found && WordReader.TryParse(isLasting ? count[..^1] : count, out ulong number)
            ? new FailOperation(found, number, isLasting)
            : null;
    }

    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output)
    {
        FailurePoint point = Class switch
        {
            FailureClass.PageTables => machine.Tables.Failure,
            FailureClass.Tables => machine.Books.Tables,
            _ => machine.Books.Areas,
        };
        point.Arm(Number, IsLasting);
        output.Answer(Errno.None);
    }
}
