namespace GpuSvm.Cli.Hmm;

/// <summary>What came of a test.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Kind">What memory the devices had.</param>
/// <param name="Failure">What was not as it must be; null if it has passed.</param>
internal sealed record HmmTestRow(string Name, string Kind, string? Failure);
