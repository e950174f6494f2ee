namespace GpuSvm.Gpu;

/// <summary>One thing that the copy engine does: it copies bytes, or clears them.</summary>
/// <param name="Source">Where it reads; null to write zeroes.</param>
/// <param name="Destination">Where it writes.</param>
/// <param name="Bytes">How much, at least 1.</param>
public readonly record struct CopyCommand(CopyOperand? Source, CopyOperand Destination, ulong Bytes)
{
    /// <summary>Copies bytes; the two places don't overlap.</summary>
    public static CopyCommand Copy(CopyOperand source, CopyOperand destination, ulong bytes) => new(source, destination, bytes);

    /// <summary>Writes zeroes.</summary>
    public static CopyCommand Clear(CopyOperand destination, ulong bytes) => new(null, destination, bytes);
}
