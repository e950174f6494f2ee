namespace GpuSvm.Scenarios;

/// <summary>A place in the code that is a schedule point: a call of one of Core's primitives.</summary>
/// <param name="File">Source file, from the folder of its project on.</param>
/// <param name="Method">Name of the method or property, as the source has it.</param>
/// <param name="Line">Line of the statement, from 1.</param>
/// <param name="Point">What is called: <c>RankedLock.Enter</c>, <c>SharedWord.Read</c>…</param>
public sealed record SchedulePointSite(string File, string Method, int Line, string Point);
