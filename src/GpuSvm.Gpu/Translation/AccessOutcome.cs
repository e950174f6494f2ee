namespace GpuSvm.Gpu;

/// <summary>What became of one try of an access.</summary>
internal enum AccessOutcome : byte
{
    /// <summary>It is done.</summary>
    Done,

    /// <summary>It was not translated: a replayable fault.</summary>
    Faulted,

    /// <summary>The launch is stopped, perhaps by this access.</summary>
    Stopped,
}
