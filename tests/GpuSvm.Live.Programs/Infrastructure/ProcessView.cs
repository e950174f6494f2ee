using System.Diagnostics;
using System.Globalization;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>What /proc says of a process.</summary>
public static class ProcessView
{
    private const string Buffer = "/memfd:gpusvm-";
    private const int BlocksPerPage = 8;

    /// <summary>What the open descriptors are, by their number.</summary>
    public static IReadOnlyDictionary<int, string> Descriptors(int processId) =>
        new DirectoryInfo($"/proc/{processId}/fd").GetFileSystemInfos()
            .Where(file => file.LinkTarget is not null)
            .ToDictionary(file => int.Parse(file.Name, CultureInfo.InvariantCulture), file => file.LinkTarget!);

    /// <summary>Number of buffers that a process has open.</summary>
    public static int Buffers(int processId) =>
        Descriptors(processId).Values.Count(link => link.StartsWith(Buffer, StringComparison.Ordinal));

    /// <summary>Number of userfaultfds that a process has open.</summary>
    public static int Userfaultfds(int processId) =>
        Descriptors(processId).Values.Count(link => link.Contains("userfaultfd", StringComparison.Ordinal));

    /// <summary>Pages that all buffers of an engine hold, as their file system counts them.</summary>
    public static long PagesHeld(int engine)
    {
        var start = new ProcessStartInfo("stat", ["-L", "-c", "%b"]) { RedirectStandardOutput = true };
        foreach ((int number, string link) in Descriptors(engine))
        {
            if (link.StartsWith(Buffer, StringComparison.Ordinal))
            {
                start.ArgumentList.Add($"/proc/{engine}/fd/{number}");
            }
        }

        if (start.ArgumentList.All(argument => !argument.StartsWith('/')))
        {
            return 0;
        }

        using Process stat = Process.Start(start)!;
        string blocks = stat.StandardOutput.ReadToEnd();
        stat.WaitForExit();
        return blocks.Split('\n', StringSplitOptions.RemoveEmptyEntries).Sum(long.Parse) / BlocksPerPage;
    }

    /// <summary>State of a process as one letter: R, S, T for stopped, Z for ended; null when there is none.</summary>
    public static char? State(int processId) => Stat(processId) is [string state, ..] ? state[0] : null;

    /// <summary>Children of this process that have not ended.</summary>
    public static IReadOnlyList<int> Children() =>
    [
        .. from folder in Directory.GetDirectories("/proc")
           let name = Path.GetFileName(folder)
           where char.IsAsciiDigit(name[0])
           let id = int.Parse(name, CultureInfo.InvariantCulture)
           where Stat(id) is [not "Z", { } parent, ..] && parent == Environment.ProcessId.ToString(CultureInfo.InvariantCulture)
           select id,
    ];

    /// <summary>The fields behind the program's name: state, parent, …</summary>
    private static string[]? Stat(int processId)
    {
        try
        {
            string line = File.ReadAllText($"/proc/{processId}/stat");
            return line[(line.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null;
        }
    }
}
