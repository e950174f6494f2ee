namespace GpuSvm.Cli.Explore;

/// <summary>A schedule point.</summary>
/// <param name="File">Source file, from the folder of its project on.</param>
/// <param name="Line">Line of the statement.</param>
/// <param name="Method">Name of the method or property.</param>
/// <param name="Point">What is called there.</param>
/// <param name="IsReached">True if a scenario reaches it.</param>
internal sealed record PointRow(string File, int Line, string Method, string Point, bool IsReached);
