using System.Globalization;

namespace GpuSvm.Live;

/// <summary>What /proc/PID/smaps says of private memory of a process: whether it can be taken from it, and its rights.</summary>
/// <remarks>Source: proc_pid_smaps(5), VmFlags.</remarks>
internal static class PrivateMappings
{
    /// <summary>Finds what is mapped in a range.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="range">Page-aligned.</param>
    /// <param name="parts">The parts of the range that differ in their rights, in order; all of it.</param>
    /// <returns>Null if all of it can be adopted; else a sentence that says what cannot.</returns>
    /// <exception cref="SvmException">ESRCH: the process has ended.</exception>
    public static string? Find(int processId, AddressRange range, List<(AddressRange Range, Protection Rights)> parts)
    {
        string[] lines;
        try
        {
            lines = File.ReadAllLines(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/smaps"));
        }
        catch (IOException)
        {
            throw new SvmException(Errno.ESRCH, $"Process {processId} has ended.");
        }

        VirtualAddress next = range.Start;
        var part = default((AddressRange Range, Protection Rights));
        foreach (string line in lines)
        {
            if (char.IsAsciiHexDigitLower(line[0]))
            {
                part = ProcessMaps.Parse(line);
                part.Range = part.Range.Intersect(range);
                if (part.Range.IsEmpty)
                {
                    continue;
                }

                if (part.Range.Start != next)
                {
                    break;
                }

                next = part.Range.End;
                if (ReasonAgainst(line, part.Range) is { } reason)
                {
                    return reason;
                }

                Add(parts, part);
            }
            else if (!part.Range.IsEmpty && line.StartsWith("VmFlags:", StringComparison.Ordinal) && ReasonOfFlags(line, part.Range) is { } reason)
            {
                return reason;
            }
        }

        return next == range.End ? null : $"nothing is mapped at {next}";
    }

    /// <summary>Reads <c>7f00a000-7f00c000 rw-p 00000000 00:00 0 [heap]</c>.</summary>
    private static string? ReasonAgainst(string line, AddressRange range)
    {
        string[] words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        bool isPrivate = words[1][3] == 'p';
        bool isAnonymous = words[4] == "0" && (words.Length < 6 || !words[5].StartsWith("[v", StringComparison.Ordinal));
        return
            !isPrivate ? $"{range} is shared memory" :
            !isAnonymous ? $"{range} is of a file ({words[^1]})" :
            words[1][0] != 'r' ? $"{range} may not be read" : null;
    }

    private static string? ReasonOfFlags(string line, AddressRange range)
    {
        string[] flags = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return
            flags.Contains("lo") ? $"{range} is locked (mlock), and the kernel takes no page of it away" :
            flags.Contains("ht") ? $"{range} is made of huge pages of hugetlbfs" :
            flags.Contains("io") || flags.Contains("pf") ? $"{range} is of a device" : null;
    }

    private static void Add(List<(AddressRange Range, Protection Rights)> parts, (AddressRange Range, Protection Rights) part)
    {
        if (parts.Count > 0 && parts[^1].Rights == part.Rights && parts[^1].Range.End == part.Range.Start)
        {
            parts[^1] = (new AddressRange(parts[^1].Range.Start, part.Range.End), part.Rights);
        }
        else
        {
            parts.Add(part);
        }
    }
}
