using System.Globalization;

namespace GpuSvm.Workloads;

/// <summary>An edge list has a line that is not one.</summary>
public sealed class EdgeListException : FormatException
{
    /// <summary>Makes an exception that names the line.</summary>
    /// <param name="line">Number of the line, from 1 on.</param>
    /// <param name="problem">What is wrong with it, and what was expected.</param>
    public EdgeListException(long line, string problem)
        : base(string.Create(CultureInfo.InvariantCulture, $"line {line}: {problem}"))
    {
        Line = line;
    }

    /// <summary>Number of the line, from 1 on.</summary>
    public long Line { get; }
}
