namespace GpuSvm.Live;

/// <summary>An orderly end.</summary>
internal sealed record CloseRequest;
