namespace GpuSvm.Gpu;

/// <summary>What a fault that meets a full ring leaves behind.</summary>
internal enum WhenFull : byte
{
    /// <summary>The overflow flag: the access is parked and must be reported later.</summary>
    SetOverflow,

    /// <summary>Nothing: a prefetch that finds no room is dropped.</summary>
    Drop,
}
