namespace GpuSvm;

/// <summary>What becomes of a range when the CPU unmaps a part of it.</summary>
public enum PartialUnmap : byte
{
    /// <summary>What is still mapped stays mapped for the device, in ranges of its own.</summary>
    KeepRest,

    /// <summary>The range goes as a whole, and a fault makes smaller ones. The original's way.</summary>
    DropRange,
}
