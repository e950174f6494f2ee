using System.Diagnostics;

namespace GpuSvm.Core;

/// <summary>Finds the source line that led a thread to a schedule point. Slow: for traces only.</summary>
internal static class SourceLines
{
    public static ScheduleStep Here(string thread, SchedulePointKind kind)
    {
        foreach (StackFrame frame in new StackTrace(fNeedFileInfo: true).GetFrames())
        {
            if (frame.GetFileName() is { Length: > 0 } file && !IsInside(file))
            {
                return new ScheduleStep(thread, kind, file, frame.GetFileLineNumber());
            }
        }

        return new ScheduleStep(thread, kind, "", 0);
    }

    private static bool IsInside(string file)
    {
        string folder = Path.GetDirectoryName(file) ?? "";
        return folder.Contains("GpuSvm.Core", StringComparison.Ordinal) &&
            (folder.Contains("Concurrency", StringComparison.Ordinal) || folder.Contains("Exploration", StringComparison.Ordinal));
    }
}
