using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs.Matrices;

/// <summary>The input of a workload on a sparse matrix.</summary>
/// <param name="Path">The file as the user named it.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Rows">Number of rows.</param>
/// <param name="Columns">Number of columns.</param>
/// <param name="Entries">Number of entries, the mirror images of a symmetric matrix included.</param>
internal sealed record MatrixInput(string Path, long Bytes, int Rows, int Columns, long Entries)
{
    /// <summary>Describes a matrix.</summary>
    public static MatrixInput Of(InputFile file, MatrixIndex index) =>
        new(file.Path, file.Length, index.Header.Rows, index.Header.Columns, index.EntryCount);
}
