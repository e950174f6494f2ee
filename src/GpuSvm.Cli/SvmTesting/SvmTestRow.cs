using System.Text.Json.Serialization;

namespace GpuSvm.Cli.SvmTesting;

/// <summary>What came of a test.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Group">Its wrapper; what it is otherwise.</param>
/// <param name="Schedules">Number of schedules, of a race that the explorer ran; null for a test on real threads.</param>
/// <param name="Failure">What was not as it must be; null if it has passed.</param>
internal sealed record SvmTestRow(string Name, [property: JsonIgnore] string Group, int? Schedules, string? Failure);
