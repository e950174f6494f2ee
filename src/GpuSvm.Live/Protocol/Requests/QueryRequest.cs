namespace GpuSvm.Live;

/// <summary>A page to look up.</summary>
internal sealed record QueryRequest
{
    /// <summary>An address in it.</summary>
    public required ulong Address { get; init; }
}
