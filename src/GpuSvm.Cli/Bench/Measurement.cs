using System.Text.Json.Serialization;

namespace GpuSvm.Cli.Bench;

/// <summary>The figures of a benchmark over its repetitions.</summary>
/// <param name="Name">What was measured.</param>
/// <param name="Median">The middle figure.</param>
/// <param name="Min">The smallest.</param>
/// <param name="Max">The largest.</param>
/// <param name="Unit">Unit of the three.</param>
/// <param name="AllocatedBytes">Managed memory that one repetition allocated, on all threads: the least of the repetitions.</param>
internal sealed record Measurement(
    string Name, double Median, double Min, double Max, string Unit, [property: JsonIgnore] long AllocatedBytes);
