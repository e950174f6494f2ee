using System.Globalization;

namespace GpuSvm.Live;

/// <summary>What /proc/PID/maps says of the mappings of buffers. Source: proc_pid_maps(5).</summary>
internal static class ProcessMaps
{
    /// <summary>The parts of a range where this process maps buffers of an engine, in order.</summary>
    /// <param name="engineId">The engine's process id.</param>
    /// <param name="buffer">A certain buffer; null for all of the engine's.</param>
    /// <param name="range">Where to look.</param>
    public static IReadOnlyList<AddressRange> Buffers(int engineId, long? buffer, AddressRange range) =>
    [
        .. from mapping in Read(Environment.ProcessId, engineId, buffer)
           let part = mapping.Range.Intersect(range)
           where !part.IsEmpty
           select part,
    ];

    /// <summary>Where a process maps buffers of this engine, in order.</summary>
    /// <exception cref="IOException">It has ended.</exception>
    public static IReadOnlyList<AddressRange> BuffersOf(int processId) =>
        [.. Read(processId, Environment.ProcessId, null).Select(mapping => mapping.Range)];

    /// <summary>True if a process maps a buffer of this engine at a place, with nothing else in it.</summary>
    /// <remarks>One look-up, however many mappings there are. Source: proc_pid_map_files(5).</remarks>
    public static bool Shows(int processId, long buffer, AddressRange range)
    {
        string link = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/map_files/{range.Start.Value:x}-{range.End.Value:x}");
        return new FileInfo(link).LinkTarget == BufferName.LinkTo(Environment.ProcessId, buffer);
    }

    /// <summary>Finds the mapping of one of this engine's buffers that holds an address.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="address">Any byte.</param>
    /// <param name="range">The mapping.</param>
    /// <param name="rights">What the process may do there.</param>
    /// <returns>False if there is none, or the process has ended or does not show its mappings.</returns>
    public static bool TryFind(int processId, VirtualAddress address, out AddressRange range, out Protection rights) =>
        TryFind(() => Read(processId, Environment.ProcessId, null), address, out range, out rights);

    /// <summary>Finds the mapping, of whatever, that holds an address.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="address">Any byte.</param>
    /// <param name="range">The mapping.</param>
    /// <param name="rights">What the process may do there.</param>
    /// <returns>As <see cref="TryFind(int, VirtualAddress, out AddressRange, out Protection)"/>.</returns>
    public static bool TryFindAny(int processId, VirtualAddress address, out AddressRange range, out Protection rights) =>
        TryFind(() => File.ReadLines(PathOf(processId)).Select(Parse), address, out range, out rights);

    private static bool TryFind(
        Func<IEnumerable<(AddressRange Range, Protection Rights)>> read, VirtualAddress address, out AddressRange range, out Protection rights)
    {
        try
        {
            (range, rights) = read().FirstOrDefault(mapping => mapping.Range.Contains(address));
            return !range.IsEmpty;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            (range, rights) = default((AddressRange, Protection));
            return false;
        }
    }

    /// <summary>What a process maps of this engine's buffers, in order.</summary>
    /// <returns>Null if the process does not show its mappings. Nothing once it has ended.</returns>
    public static IReadOnlyList<BufferMapping>? TryReadBuffers(int processId)
    {
        try
        {
            return
            [
                .. from line in File.ReadLines(PathOf(processId))
                   let buffer = BufferName.NumberIn(line, Environment.ProcessId)
                   where buffer is not null
                   select ParseWhole(line, buffer.Value),
            ];
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Processes that map buffers of an engine, as far as they show it.</summary>
    public static IReadOnlyList<int> ProcessesWith(int engineId)
    {
        var found = new List<int>();
        foreach (string folder in Directory.EnumerateDirectories("/proc"))
        {
            try
            {
                if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out int id)
                    && Read(id, engineId, null).Any())
                {
                    found.Add(id);
                }
            }
            catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
            {
                // It has ended, or is somebody else's.
            }
        }

        return found;
    }

    private static BufferMapping ParseWhole(string line, long buffer)
    {
        (AddressRange range, Protection rights) = Parse(line);
        string[] fields = line.Split(' ', 4);
        return new BufferMapping(range, buffer, Hex(fields[2]) >> Page.Shift, rights);
    }

    private static string PathOf(int processId) => string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/maps");

    /// <summary>True if a process maps anything in a range; false if it has ended.</summary>
    public static bool IsMapped(int processId, AddressRange range) => Any(processId, mapped => mapped.Overlaps(range));

    /// <summary>True if a mapping of a process begins at an address; false if it has ended.</summary>
    public static bool HasStart(int processId, VirtualAddress address) => Any(processId, mapped => mapped.Start == address);

    private static bool Any(int processId, Func<AddressRange, bool> isWanted)
    {
        try
        {
            return File.ReadLines(PathOf(processId)).Any(line => isWanted(Parse(line).Range));
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static IEnumerable<(AddressRange Range, Protection Rights)> Read(int processId, int engineId, long? buffer) =>
        from line in File.ReadLines(PathOf(processId))
        where BufferName.IsIn(line, engineId, buffer)
        select Parse(line);

    /// <summary>Reads a line: <c>7f00a000-7f00c000 rw-s 00000000 00:01 77 /memfd:gpusvm-12-3 (deleted)</c>.</summary>
    internal static (AddressRange Range, Protection Rights) Parse(string line)
    {
        int dash = line.IndexOf('-', StringComparison.Ordinal);
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        var range = new AddressRange(Hex(line[..dash]), Hex(line[(dash + 1)..space]));
        Protection rights = line[space + 2] == 'w' ? Protection.ReadWrite : line[space + 1] == 'r' ? Protection.Read : Protection.None;
        return (range, rights);
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
