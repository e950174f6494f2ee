using System.CommandLine;

namespace GpuSvm.Cli.Vmm;

/// <summary><c>gpusvm vmm</c>: tries out a GPU's address space, and shows page tables.</summary>
internal static class VmmVerb
{
    /// <summary>Makes the command.</summary>
    public static Command Create() => new("vmm", "Try out a GPU's address space by a script of operations, and look at page tables.")
    {
        VmmRunVerb.Create(), VmmXlatVerb.Create(), VmmCheckVerb.Create(), VmmFormatsVerb.Create(),
    };
}
