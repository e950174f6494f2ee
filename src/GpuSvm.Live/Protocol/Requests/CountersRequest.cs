namespace GpuSvm.Live;

/// <summary>Asks what was counted.</summary>
internal sealed record CountersRequest;
