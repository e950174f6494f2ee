using System.Text;

namespace GpuSvm.Workloads.Tests.Graphs;

public sealed class GraphIndexTests
{
    private const string Text = "70 -5\n70 9\n9 70\n-5 -5\n";

    [Fact]
    public void Nodes_are_numbered_in_the_order_of_their_first_occurrence()
    {
        GraphIndex index = Read(Text, EdgeDirection.Directed);

        Assert.Equal([70, -5, 9], Enumerable.Range(0, index.NodeCount).Select(index.IdOf));
        Assert.True(index.TryFind(9, out int node));
        Assert.Equal(2, node);
        Assert.False(index.TryFind(8, out _));
    }

    [Fact]
    public void Directed_arcs_stand_by_node_in_the_order_of_the_list()
    {
        GraphIndex index = Read(Text, EdgeDirection.Directed);

        Assert.Equal([0, 2, 3, 4], index.Offsets.ToArray());
        Assert.Equal([new Arc(0, 0, 1), new Arc(1, 0, 2), new Arc(3, 2, 0), new Arc(2, 1, 1)], index.Arcs(Stream(Text)));
    }

    [Fact]
    public void Undirected_edges_are_two_arcs_each()
    {
        GraphIndex index = Read("1 2\n2 3\n", EdgeDirection.Undirected);

        Assert.Equal((2, 4), (index.EdgeCount, index.ArcCount));
        Assert.Equal([0, 1, 3, 4], index.Offsets.ToArray());
        Assert.Equal([new Arc(0, 0, 1), new Arc(1, 1, 0), new Arc(2, 1, 2), new Arc(3, 2, 1)], index.Arcs(Stream("1 2\n2 3\n")));
    }

    [Fact]
    public void Reversed_arcs_stand_by_the_node_that_an_edge_enters()
    {
        GraphIndex index = Read("1 2\n3 2\n2 1\n", EdgeDirection.Reversed);

        Assert.Equal((3, 3), (index.EdgeCount, index.ArcCount));
        Assert.Equal([0, 1, 3, 3], index.Offsets.ToArray());
        Assert.Equal([new Arc(1, 1, 0), new Arc(2, 1, 2), new Arc(0, 0, 1)], index.Arcs(Stream("1 2\n3 2\n2 1\n")));
    }

    [Theory]
    [InlineData("70 4\n")]
    [InlineData("70 9\n70 9\n70 9\n")]
    public void A_list_that_changes_between_the_passes_is_refused(string second)
    {
        GraphIndex index = Read(Text, EdgeDirection.Directed);

        Assert.Throws<IOException>(() => index.Arcs(Stream(second)).Count());
    }

    [Fact]
    public void The_plain_search_finds_the_levels_of_a_small_graph()
    {
        const string Graph = "0 1\n0 2\n1 3\n2 3\n3 4\n5 0\n";
        GraphIndex index = Read(Graph, EdgeDirection.Directed);

        Assert.Equal([0, 1, 1, 2, 3, -1], PlainBreadthFirstSearch.Levels(index, Stream(Graph), source: 0));
    }

    [Fact]
    public void The_plain_search_follows_undirected_edges_both_ways()
    {
        const string Graph = "0 1\n0 2\n1 3\n2 3\n3 4\n5 0\n";
        GraphIndex index = Read(Graph, EdgeDirection.Undirected);

        Assert.Equal([1, 2, 2, 3, 4, 0], PlainBreadthFirstSearch.Levels(index, Stream(Graph), source: 5));
    }

    private static GraphIndex Read(string text, EdgeDirection direction) => GraphIndex.Read(Stream(text), direction);

    private static MemoryStream Stream(string text) => new(Encoding.ASCII.GetBytes(text));
}
