namespace GpuSvm.Live;

/// <summary>A kernel to run.</summary>
internal sealed record LaunchRequest
{
    /// <summary>Which.</summary>
    public required KernelReference Kernel { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Grid { get; init; }

    /// <summary>Threads of a block.</summary>
    public required int Block { get; init; }

    /// <summary>The bytes of its arguments.</summary>
    public required byte[] Args { get; init; }
}
