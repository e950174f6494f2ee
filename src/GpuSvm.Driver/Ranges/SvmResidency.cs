namespace GpuSvm;

/// <summary>Where the pages of a range are to live once the GPU has touched it, unless advice of the program says otherwise.</summary>
public enum SvmResidency : byte
{
    /// <summary>Where they are: the GPU reaches them there.</summary>
    System,

    /// <summary>In the GPU's own memory, as far as there is room.</summary>
    Device,

    /// <summary>
    /// In the GPU's own memory, unless the CPU has taken them back within the last timeslice: what both use by turns stays in the system's.
    /// </summary>
    Auto,
}
