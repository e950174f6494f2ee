using System.Text;

namespace GpuSvm.Workloads.Tests.Matrices;

public sealed class MatrixIndexTests
{
    private const string Text = "%%MatrixMarket matrix coordinate integer symmetric\n3 3 3\n3 1 5\n1 1 6\n3 1 7\n";

    [Fact]
    public void Entries_stand_by_row_in_the_order_of_the_file()
    {
        MatrixIndex index = MatrixIndex.Read(Stream(Text));

        Assert.Equal([0, 3, 3, 5], index.Offsets.ToArray());
        Assert.Equal(5, index.EntryCount);
        Assert.Equal(
            [
                (3, new MatrixEntry(2, 0, 5)),
                (0, new MatrixEntry(0, 2, 5)),
                (1, new MatrixEntry(0, 0, 6)),
                (4, new MatrixEntry(2, 0, 7)),
                (2, new MatrixEntry(0, 2, 7)),
            ],
            index.Entries(Stream(Text)));
    }

    [Theory]
    [InlineData("%%MatrixMarket matrix coordinate integer general\n3 3 1\n2 1 5\n")]
    [InlineData("%%MatrixMarket matrix coordinate integer general\n9 9 1\n9 1 5\n")]
    [InlineData("%%MatrixMarket matrix coordinate integer general\n9 9 1\n1 9 5\n")]
    public void A_matrix_that_changes_between_the_passes_is_refused(string second)
    {
        MatrixIndex index = MatrixIndex.Read(Stream(Text));

        Assert.Throws<IOException>(() => index.Entries(Stream(second)).Count());
    }

    private static MemoryStream Stream(string text) => new(Encoding.ASCII.GetBytes(text));
}
