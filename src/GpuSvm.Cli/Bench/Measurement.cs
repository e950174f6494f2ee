using System.Text.Json.Serialization;

namespace GpuSvm.Cli.Bench;

/// <summary>The figures of a benchmark over its repetitions.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Median">The middle figure; null where it could not be measured, as the other two.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="Unit">Unit of the three.</param>
/// <param name="AllocatedBytes">
/// Managed memory that one repetition allocated, on all threads: the least of the repetitions. Null where another process does the work.
/// </param>
internal sealed record Measurement(
    string Name, double? Median, double? Min, double? Max, string Unit, [property: JsonIgnore] long? AllocatedBytes)
{
    /// <summary>Why there are no figures; null where there are.</summary>
    public string? Skipped { get; init; }

    /// <summary>What tells whether another implementation did the same; null if there is no such thing.</summary>
    public string? Digest { get; init; }

    /// <summary>The figures of repetitions.</summary>
    public static Measurement Of(string name, string unit, IEnumerable<double> figures, long? allocatedBytes = null)
    {
        double[] sorted = [.. figures.Order()];
        return new Measurement(name, sorted[sorted.Length / 2], sorted[0], sorted[^1], unit, allocatedBytes);
    }

    /// <summary>What could not be measured, and why, in few words.</summary>
    public static Measurement Without(string name, string unit, string reason) =>
        new(name, null, null, null, unit, null) { Skipped = reason };
}
