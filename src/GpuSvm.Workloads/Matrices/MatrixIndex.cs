namespace GpuSvm.Workloads;

/// <summary>Where the entries of each row of a matrix begin: a matrix in compressed sparse rows without the entries.</summary>
/// <remarks>
/// The entries of row n take the slots from <c>Offsets[n]</c> up to <c>Offsets[n + 1]</c>, in the order of the file. They are given by a
/// second pass, <see cref="Entries"/>, so that whoever stores them does so directly where they belong.
/// </remarks>
public sealed class MatrixIndex
{
    private readonly long[] _offsets;

    private MatrixIndex(Stream file)
    {
        var reader = new MatrixMarketReader(file);
        Header = reader.Header;
        _offsets = new long[Header.Rows + 1];
        while (reader.TryRead(out MatrixEntry entry))
        {
            _offsets[entry.Row + 1]++;
        }

        for (int row = 0; row < Header.Rows; row++)
        {
            _offsets[row + 1] += _offsets[row];
        }
    }

    /// <summary>What the file says before the entries.</summary>
    public MatrixMarketHeader Header { get; }

    /// <summary>Number of entries, mirror images included; those at one place count each.</summary>
    public long EntryCount => _offsets[^1];

    /// <summary>First slot of each row's entries, and behind them the number of entries.</summary>
    public ReadOnlySpan<long> Offsets => _offsets;

    /// <summary>First pass over a file.</summary>
    /// <exception cref="MatrixMarketException">It is no matrix of this format.</exception>
    public static MatrixIndex Read(Stream file) => new(file);

    /// <summary>Second pass over the same file: every entry with the slot that it belongs to.</summary>
    /// <exception cref="IOException">The file is not the one of the first pass.</exception>
    public IEnumerable<(long Slot, MatrixEntry Entry)> Entries(Stream file)
    {
        long[] next = [.. _offsets];
        var reader = new MatrixMarketReader(file);
        while (reader.TryRead(out MatrixEntry entry))
        {
            yield return entry.Row < Header.Rows && entry.Column < Header.Columns && next[entry.Row] < _offsets[entry.Row + 1]
                ? (next[entry.Row]++, entry)
                : throw new IOException("The matrix changed while it was read.");
        }
    }
}
