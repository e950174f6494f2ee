namespace GpuSvm.Cli.Bench.Live;

/// <summary>On which CPUs a program and the process that serves its faults run.</summary>
internal enum LivePlacement
{
    /// <summary>Both on one: what the figures and their ratio are meant for.</summary>
    One,

    /// <summary>Each on one of its own.</summary>
    Two,

    /// <summary>Wherever the system puts them.</summary>
    Any,
}
