namespace GpuSvm.Live;

/// <summary>What the app says of its memory.</summary>
internal sealed record AdviseRequest
{
    /// <summary>First byte, page-aligned.</summary>
    public required ulong Address { get; init; }

    /// <summary>Number of bytes: a multiple of 4096.</summary>
    public required ulong Bytes { get; init; }

    /// <summary>What it says.</summary>
    public required MemoryAdvice Advice { get; init; }
}
