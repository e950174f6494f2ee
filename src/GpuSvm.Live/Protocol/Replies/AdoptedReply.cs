namespace GpuSvm.Live;

/// <summary>Memory that is shared now.</summary>
internal sealed record AdoptedReply
{
    /// <summary>The engine's number of it.</summary>
    public required long Id { get; init; }

    /// <summary>First byte of the first page.</summary>
    public required ulong Address { get; init; }

    /// <summary>Bytes of all pages.</summary>
    public required ulong Bytes { get; init; }
}
