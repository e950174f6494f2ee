namespace GpuSvm.Live;

/// <summary>What has happened since the last request of this kind?</summary>
internal sealed record DrainEventsRequest;
