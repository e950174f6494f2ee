namespace GpuSvm.Core;

/// <summary>What a cached translation allows; the low bits of its tag.</summary>
[Flags]
public enum TranslationRights : byte
{
    /// <summary>Nothing: the entry is empty.</summary>
    None = 0,

    /// <summary>Loads.</summary>
    Read = 1,

    /// <summary>Stores.</summary>
    Write = 2,

    /// <summary>Atomic read-modify-write.</summary>
    Atomic = 4,
}
