namespace GpuSvm.Live;

/// <summary>The access that ended a launch.</summary>
internal sealed record FaultReply
{
    /// <summary>The byte that was accessed.</summary>
    public required ulong Address { get; init; }

    /// <summary>What the access wanted.</summary>
    public required FaultAccess Access { get; init; }

    /// <summary>Why it could not be served.</summary>
    public required string Reason { get; init; }

    /// <summary>The same as an error code.</summary>
    public required Errno Error { get; init; }

    /// <summary>The same as a report.</summary>
    internal GpuFaultReport ToReport() => new(Address, Access, Reason, Error);
}
