namespace GpuSvm.Svm;

/// <summary>Whether the pages of one range may lie in different places.</summary>
public enum SvmPlacement : byte
{
    /// <summary>Each page is mapped where it is.</summary>
    Mixed,

    /// <summary>All pages lie in system memory, or all in one allocation of the device; else EOPNOTSUPP. The original's way.</summary>
    Uniform,
}
