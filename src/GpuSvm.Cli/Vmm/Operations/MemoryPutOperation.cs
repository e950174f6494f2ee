using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>memput id</c>: drops the script's reference of a memory object.</summary>
internal sealed record MemoryPutOperation(ulong Id) : Operation
{
    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output) =>
        output.Answer(machine.Objects.TryRelease(Id) ? Errno.None : Errno.ENOENT);
}
