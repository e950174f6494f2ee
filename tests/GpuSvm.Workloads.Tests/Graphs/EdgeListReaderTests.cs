using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Workloads.Tests.Graphs;

public sealed class EdgeListReaderTests
{
    [Fact]
    public void Any_list_reads_back_as_it_was_written()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<(long From, long To)[], byte>((edges, style) =>
        {
            string[] blanks = [" ", "\t", "   ", " \t"];
            string[] ends = ["\n", "\r\n", "\n# comment\n", "\n\n", " \n"];
            var text = new StringBuilder("# FromNodeId ToNodeId\n");
            foreach ((long from, long to) in edges)
            {
                text.Append(CultureInfo.InvariantCulture, $"{from}{blanks[style % 4]}{to}{ends[style % 5]}");
            }

            return ReadAll(text.ToString()).SequenceEqual(edges.Select(edge => new Edge(edge.From, edge.To)));
        }));
    }

    [Theory]
    [InlineData("1 2\n3\n", 2, "'3'")]
    [InlineData("1 2\n\n# x\n3 4 5\n", 4, "'3 4 5'")]
    [InlineData("one two", 1, "'one two'")]
    [InlineData("1 2\n1,2\n", 2, "'1,2'")]
    [InlineData("1 2x\n", 1, "'1 2x'")]
    [InlineData("1\u00012\n", 1, "'1\\x012'")]
    [InlineData("1 9223372036854775808\n", 1, "'1 9223372036854775808'")]
    [InlineData("1-2\n", 1, "'1-2'")]
    [InlineData("1.0 2.0\n", 1, "'1.0 2.0'")]
    public void A_malformed_line_is_named_by_number_and_text(string text, long line, string quoted)
    {
        EdgeListException malformed = Assert.Throws<EdgeListException>(() => ReadAll(text));

        Assert.Equal(line, malformed.Line);
        Assert.Equal($"line {line}: {quoted}: expected two integers of 64 bits", malformed.Message);
    }

    [Fact]
    public void A_long_malformed_line_is_cut_in_the_message()
    {
        EdgeListException malformed = Assert.Throws<EdgeListException>(() => ReadAll(new string('x', 1000)));

        Assert.Equal($"line 1: '{new string('x', 40)}…': expected two integers of 64 bits", malformed.Message);
    }

    [Fact]
    public void The_last_line_needs_no_line_feed_and_the_limits_of_64_bits_fit() =>
        Assert.Equal([new Edge(long.MinValue, long.MaxValue)], ReadAll("-9223372036854775808 9223372036854775807"));

    [Fact]
    public void A_comment_longer_than_the_buffer_is_one_line()
    {
        string text = $"#{new string('c', 300_000)}\n1 2\nbad\n";

        Assert.Equal(3, Assert.Throws<EdgeListException>(() => ReadAll(text)).Line);
    }

    [Fact]
    public void An_edge_with_more_blanks_than_the_buffer_holds_is_malformed() =>
        Assert.Equal(1, Assert.Throws<EdgeListException>(() => ReadAll($"1 2{new string(' ', 100_000)}3\n4 5\n")).Line);

    [Fact]
    public void Lines_cut_by_the_end_of_a_read_are_put_together()
    {
        var reader = new EdgeListReader(new DribblingStream("# c\n12 34\n\n56 78"u8.ToArray(), bytesPerRead: 1));

        Assert.True(reader.TryRead(out Edge first));
        Assert.True(reader.TryRead(out Edge second));
        Assert.False(reader.TryRead(out _));
        Assert.Equal((new Edge(12, 34), new Edge(56, 78)), (first, second));
    }

    private static List<Edge> ReadAll(string text)
    {
        List<Edge> edges = [];
        var reader = new EdgeListReader(new MemoryStream(Encoding.UTF8.GetBytes(text)));
        while (reader.TryRead(out Edge edge))
        {
            edges.Add(edge);
        }

        return edges;
    }
}
