namespace GpuSvm.Live;

/// <summary>Why an engine has given the app's memory back and ends.</summary>
internal sealed record ReleasedNotice
{
    /// <summary>The reason, as one sentence.</summary>
    public required string Reason { get; init; }
}
