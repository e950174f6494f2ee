namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>What a fault may not get.</summary>
[Flags]
public enum FailureSite
{
    /// <summary>A frame of system memory.</summary>
    Frame = 1,

    /// <summary>A page table of the GPU.</summary>
    Table = 2,

    /// <summary>Pages of the GPU's memory.</summary>
    VideoPages = 4,

    /// <summary>Memory for ranges, notifiers and what is looked up for them.</summary>
    Range = 8,

    /// <summary>A device address for frames.</summary>
    Dma = 16,

    /// <summary>A copy that is done.</summary>
    Copy = 32,

    /// <summary>An answer of the copy engine in time.</summary>
    Answer = 64,

    All = 127,
}
