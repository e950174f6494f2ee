using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>ptlimit n</c>: page-table memory fails while n or more tables are live.</summary>
internal sealed record LimitOperation(ulong Limit) : Operation
{
    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output)
    {
        machine.Tables.Limit = Limit;
        output.Answer(Errno.None);
    }
}
