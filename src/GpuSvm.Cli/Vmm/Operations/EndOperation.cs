using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>end</c>: nothing after it is read.</summary>
internal sealed record EndOperation : Operation
{
    /// <inheritdoc/>
    public override void Run(ScriptMachine machine, ScriptOutput output) => output.Answer(Errno.None);
}
