namespace GpuSvm.Mm;

/// <summary>What a CPU access does.</summary>
public enum CpuAccess : byte
{
    /// <summary>A load.</summary>
    Read,

    /// <summary>A store, or an atomic read-modify-write.</summary>
    Write,
}
