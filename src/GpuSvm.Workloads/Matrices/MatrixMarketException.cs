using System.Globalization;

namespace GpuSvm.Workloads;

/// <summary>A Matrix Market file has a line that is not what it should be.</summary>
public sealed class MatrixMarketException : FormatException
{
    /// <summary>Makes an exception that names the line.</summary>
    /// <param name="line">Number of the line, from 1 on; one more than the last if something is missing behind it.</param>
    /// <param name="problem">What is wrong with it, and what was expected.</param>
    public MatrixMarketException(long line, string problem)
        : base(string.Create(CultureInfo.InvariantCulture, $"line {line}: {problem}"))
    {
        Line = line;
    }

    /// <summary>Number of the line, from 1 on.</summary>
    public long Line { get; }
}
