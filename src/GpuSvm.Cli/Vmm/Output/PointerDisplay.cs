namespace GpuSvm.Cli.Vmm.Output;

/// <summary>How a dump shows where tables lie.</summary>
internal enum PointerDisplay
{
    /// <summary>As the entries have it.</summary>
    Raw,

    /// <summary>As 0: two dumps are equal whatever the order in which tables were allocated.</summary>
    Zero,
}
