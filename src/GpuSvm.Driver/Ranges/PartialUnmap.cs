namespace GpuSvm.Driver;

/// <summary>What becomes of a range of which a part is unmapped.</summary>
public enum PartialUnmap : byte
{
    /// <summary>The rest stays mapped for the GPU, and where it is.</summary>
    KeepRest,

    /// <summary>All of it is dropped, and what of it lies in the GPU's memory comes home; the next faults make smaller ranges.</summary>
    /// <remarks>Source: Linux drm_gpusvm.c, "Partial Unmapping of Ranges".</remarks>
    DropRange,
}
