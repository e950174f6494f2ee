using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs.Graphs;

/// <summary>The input of a workload on a graph.</summary>
/// <param name="Path">The edge list as the user named it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Nodes">Number of different node ids in it.</param>
/// <param name="Edges">Number of its edges.</param>
/// <param name="Directed">True if edges are followed from the first node to the second only.</param>
/// <param name="Source">Id of the node that the search begins with.</param>
internal sealed record GraphInput(string Path, long Bytes, long Nodes, long Edges, bool Directed, long Source)
{
    /// <summary>Describes a graph and the node that a search of it begins with.</summary>
    public static GraphInput Of(InputFile file, GraphIndex index, EdgeDirection direction, int source) => new(
        file.Path, file.Length, index.NodeCount, index.EdgeCount, direction == EdgeDirection.Directed, index.IdOf(source));

    /// <summary>First pass over an edge list.</summary>
    /// <exception cref="EdgeListException">A line is neither a comment nor two integers.</exception>
    /// <exception cref="BadInputException">It has no edges.</exception>
    public static GraphIndex ReadIndex(InputFile file, EdgeDirection direction)
    {
        using FileStream edges = file.Open();
        GraphIndex index = GraphIndex.Read(edges, direction);
        return index.EdgeCount > 0 ? index : throw new BadInputException($"{file.Path}: has no edges, expected two integers on a line");
    }
}
