namespace GpuSvm.Cli.Runs;

/// <summary>How a run ended.</summary>
/// <param name="Input">What was computed from: a record whose properties the JSON document shows; null if it did not come to that.</param>
/// <param name="Result">The answer, likewise.</param>
/// <param name="Answer">The answer as lines of text.</param>
/// <param name="Failure">One line: why there is no answer, or how it differs from the CPU's; null if it is verified.</param>
internal sealed record RunReport(object? Input, object? Result, IReadOnlyList<string> Answer, string? Failure)
{
    /// <summary>The report of a run that came to no answer.</summary>
    public static RunReport WithoutAnswer(string failure) => new(null, null, [], failure);
}
