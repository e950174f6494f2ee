namespace GpuSvm.Core;

/// <summary>One step of a traced schedule: where a thread stopped at a schedule point.</summary>
/// <param name="Thread">Name of the thread.</param>
/// <param name="Kind">What it was about to do.</param>
/// <param name="File">Path of the source file outside the primitives and the explorer that led there; empty if not known.</param>
/// <param name="Line">Line in that file, from 1; 0 if not known.</param>
public readonly record struct ScheduleStep(string Thread, SchedulePointKind Kind, string File, int Line);
