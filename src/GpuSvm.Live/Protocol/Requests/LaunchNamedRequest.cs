namespace GpuSvm.Live;

/// <summary>A kernel to run, by its names: for an app that has not loaded its assembly.</summary>
internal sealed record LaunchNamedRequest
{
    /// <summary>Path of the assembly.</summary>
    public required string Assembly { get; init; }

    /// <summary>Full name of the type.</summary>
    public required string Type { get; init; }

    /// <summary>Name of the method, of which the type has one.</summary>
    public required string Method { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Grid { get; init; }

    /// <summary>Threads of a block.</summary>
    public required int Block { get; init; }

    /// <summary>The bytes of its arguments in hexadecimal.</summary>
    public required string Args { get; init; }
}
