namespace GpuSvm.Driver;

/// <summary>What becomes of a range of which not every page can be moved to the GPU's memory.</summary>
public enum SvmMovement : byte
{
    /// <summary>The others move: a range may have pages here and there.</summary>
    BestEffort,

    /// <summary>All pages of a range lie in one place: if one cannot move, none does.</summary>
    /// <remarks>Source: Linux drm_gpusvm.c, "Migration".</remarks>
    AllOrNothing,
}
