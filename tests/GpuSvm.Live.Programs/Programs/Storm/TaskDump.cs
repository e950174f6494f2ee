using System.Text;

namespace GpuSvm.Live.Programs.Storm;

/// <summary>Where the threads of a process are in the kernel.</summary>
public static class TaskDump
{
    /// <summary>One line a thread: its name, the function that it sleeps in, its system call; as far as /proc tells.</summary>
    public static string Of(int processId)
    {
        var text = new StringBuilder();
        try
        {
            foreach (string task in Directory.GetDirectories($"/proc/{processId}/task"))
            {
                text.AppendLine($"{Path.GetFileName(task),8} {Read(task, "comm"),-16} {Read(task, "wchan"),-24} {Read(task, "syscall")}");
            }
        }
        catch (DirectoryNotFoundException)
        {
            text.AppendLine("it has ended");
        }

        return text.ToString();
    }

    private static string Read(string task, string file)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, file)).Trim();
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "?";
        }
    }
}
