namespace GpuSvm.Live;

/// <summary>It is done.</summary>
internal sealed record DoneReply;
