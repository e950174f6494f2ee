namespace GpuSvm;

/// <summary>Where the pages of a range are to live once the GPU has touched it, unless advice of the program says otherwise.</summary>
public enum SvmResidency : byte
{
    /// <summary>Where they are: the GPU reaches them there.</summary>
    System,

    /// <summary>In the GPU's own memory, as far as there is room.</summary>
    Device,

    /// <summary>
    /// In the GPU's own memory, unless they were taken back from there time and again: each time but the first doubles the number of faults
    /// for which they stay in the system's. So what both use by turns, or what does not fit, does not go to and fro.
    /// </summary>
    Auto,
}
