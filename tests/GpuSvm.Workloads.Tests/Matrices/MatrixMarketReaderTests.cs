using System.Globalization;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Workloads.Tests.Matrices;

public sealed class MatrixMarketReaderTests
{
    private const string RealGeneral = "%%MatrixMarket matrix coordinate real general\n";
    private const string Banner = "expected '%%MatrixMarket matrix coordinate real|integer|pattern general|symmetric'";

    [Fact]
    public void Any_general_matrix_reads_back_as_it_was_written()
    {
        Check.QuickThrowOnFailure(Prop.ForAll<(byte Row, byte Column, int Value)[], byte>((entries, style) =>
        {
            string[] blanks = [" ", "\t", "   ", " \t"];
            string[] ends = ["\n", "\r\n", "\n% comment\n", "\n\n", " \n"];
            var text = new StringBuilder("%%matrixmarket MATRIX Coordinate\treal  general\n% comment\n\n");
            text.Append(CultureInfo.InvariantCulture, $"256 256 {entries.Length}\n");
            foreach ((byte row, byte column, int value) in entries)
            {
                string blank = blanks[style % 4];
                text.Append(CultureInfo.InvariantCulture, $"{row + 1}{blank}{column + 1}{blank}{value / 8.0:r}{ends[style % 5]}");
            }

            return ReadAll(text.ToString()).SequenceEqual(entries.Select(entry => new MatrixEntry(entry.Row, entry.Column, entry.Value / 8.0)));
        }));
    }

    [Theory]
    [InlineData("real general", "2 3 1.5e-3", 1.5e-3)]
    [InlineData("real general", "2 3 -4", -4)]
    [InlineData("real general", "2 3 .5", 0.5)]
    [InlineData("integer general", "2 3 -17", -17)]
    [InlineData("pattern general", "2 3", 1)]
    public void Values_are_read_as_the_first_line_says(string kind, string line, double value) => Assert.Equal(
        [new MatrixEntry(1, 2, value)], ReadAll($"%%MatrixMarket matrix coordinate {kind}\n2 3 1\n{line}"));

    [Fact]
    public void Of_a_symmetric_matrix_the_mirror_images_are_given_but_not_of_the_diagonal() => Assert.Equal(
        [new MatrixEntry(1, 0, 5), new MatrixEntry(0, 1, 5), new MatrixEntry(1, 1, 7)],
        ReadAll("%%MatrixMarket matrix coordinate integer symmetric\n2 2 2\n2 1 5\n2 2 7\n"));

    [Fact]
    public void The_header_tells_the_kind_and_the_sizes() => Assert.Equal(
        new MatrixMarketHeader(MatrixField.Pattern, MatrixSymmetry.Symmetric, 4, 4, 0),
        new MatrixMarketReader(Stream("%%MatrixMarket matrix coordinate pattern symmetric\n4 4 0\n")).Header);

    [Theory]
    [InlineData("hello", $"line 1: 'hello': {Banner}")]
    [InlineData("\n" + RealGeneral, $"line 1: '': {Banner}")]
    [InlineData("%%MatrixMarket matrix coordinate real\n", $"line 1: '%%MatrixMarket matrix coordinate real': {Banner}")]
    [InlineData("%%MatrixMarket vector coordinate real general\n", "line 1: 'vector': expected matrix")]
    [InlineData("%%MatrixMarket matrix array real general\n", "line 1: 'array': expected coordinate")]
    [InlineData("%%MatrixMarket matrix coordinate complex general\n", "line 1: 'complex': expected real, integer or pattern")]
    [InlineData("%%MatrixMarket matrix coordinate real hermitian\n", "line 1: 'hermitian': expected general or symmetric")]
    [InlineData(RealGeneral, "line 2: the file ends: expected the numbers of rows, columns and entries")]
    [InlineData(RealGeneral + "% c\n3 3\n", "line 3: '3 3': expected the numbers of rows, columns and entries")]
    [InlineData(RealGeneral + "3 3 1 1\n", "line 2: '3 3 1 1': expected the numbers of rows, columns and entries")]
    [InlineData(RealGeneral + "0 3 1\n", "line 2: '0 3 1': expected 1 to 100000000 rows and columns, and no fewer than 0 entries")]
    [InlineData(RealGeneral + "3 100000001 1\n", "line 2: '3 100000001 1': expected 1 to 100000000 rows and columns, and no fewer than 0 entries")]
    [InlineData(RealGeneral + "3 3 -1\n", "line 2: '3 3 -1': expected 1 to 100000000 rows and columns, and no fewer than 0 entries")]
    [InlineData(
        "%%MatrixMarket matrix coordinate real symmetric\n3 4 1\n", "line 2: '3 4 1': expected as many rows as columns in a symmetric matrix")]
    [InlineData(RealGeneral + "3 3 2\n1 1 1\n1 2\n", "line 4: '1 2': expected a row, a column and a value")]
    [InlineData(RealGeneral + "3 3 1\n1 1 x\n", "line 3: '1 1 x': expected a row, a column and a value")]
    [InlineData(RealGeneral + "3 3 1\n1 1 nan\n", "line 3: '1 1 nan': expected a row, a column and a value")]
    [InlineData(RealGeneral + "3 3 1\n1 1 1e999\n", "line 3: '1 1 1e999': expected a row, a column and a value")]
    [InlineData(RealGeneral + "3 3 1\n1 1 1 1\n", "line 3: '1 1 1 1': expected a row, a column and a value")]
    [InlineData("%%MatrixMarket matrix coordinate integer general\n3 3 1\n1 1 1.5\n", "line 3: '1 1 1.5': expected a row, a column and a value")]
    [InlineData("%%MatrixMarket matrix coordinate pattern general\n3 3 1\n1 1 1\n", "line 3: '1 1 1': expected a row and a column")]
    [InlineData(RealGeneral + "3 4 1\n4 4 1\n", "line 3: '4 4 1': expected a row from 1 to 3 and a column from 1 to 4")]
    [InlineData(RealGeneral + "3 4 1\n1 0 1\n", "line 3: '1 0 1': expected a row from 1 to 3 and a column from 1 to 4")]
    [InlineData(
        "%%MatrixMarket matrix coordinate pattern symmetric\n3 3 1\n1 2\n", "line 3: '1 2': expected no entry above the diagonal of a symmetric matrix")]
    [InlineData(RealGeneral + "3 3 2\n1 1 1\n", "line 4: the file ends: 1 entries, expected 2")]
    [InlineData(RealGeneral + "3 3 1\n1 1 1\n% c\n2 2 2\n", "line 5: '2 2 2': expected no more than 1 entries")]
    [InlineData(RealGeneral + "3 3 2\n1 1 8e307\n1 1 8e307\n", "line 4: '1 1 8e307': expected values that add up to a number of 64 bits")]
    public void What_is_wrong_is_told_with_the_number_of_the_line(string text, string expected)
    {
        MatrixMarketException malformed = Assert.Throws<MatrixMarketException>(() => ReadAll(text));

        Assert.Equal(expected, malformed.Message);
        Assert.StartsWith($"line {malformed.Line}: ", malformed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_line_longer_than_the_buffer_is_refused() => Assert.Equal(
        3, Assert.Throws<MatrixMarketException>(() => ReadAll($"{RealGeneral}1 1 1\n1 1{new string(' ', 100_000)}1\n")).Line);

    private static List<MatrixEntry> ReadAll(string text)
    {
        List<MatrixEntry> entries = [];
        var reader = new MatrixMarketReader(Stream(text));
        while (reader.TryRead(out MatrixEntry entry))
        {
            entries.Add(entry);
        }

        return entries;
    }

    private static MemoryStream Stream(string text) => new(Encoding.UTF8.GetBytes(text));
}
