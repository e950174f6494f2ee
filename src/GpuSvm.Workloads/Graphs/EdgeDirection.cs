namespace GpuSvm.Workloads;

/// <summary>Which way the edges of a list may be followed.</summary>
public enum EdgeDirection
{
    /// <summary>From the first node of a line to the second.</summary>
    Directed,

    /// <summary>From the second node of a line to the first.</summary>
    Reversed,

    /// <summary>Both ways.</summary>
    Undirected,
}
