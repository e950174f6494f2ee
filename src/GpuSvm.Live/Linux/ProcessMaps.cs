using System.Globalization;

namespace GpuSvm.Live;

/// <summary>What /proc/self/maps says of this process's mappings. Source: proc_pid_maps(5).</summary>
internal static class ProcessMaps
{
    private const string BufferName = "/memfd:gpusvm (deleted)";

    /// <summary>The parts of a range where buffers are mapped, in order.</summary>
    public static List<AddressRange> Buffers(AddressRange range)
    {
        var found = new List<AddressRange>();
        foreach (string line in File.ReadLines("/proc/self/maps").Where(line => line.EndsWith(BufferName, StringComparison.Ordinal)))
        {
            int dash = line.IndexOf('-', StringComparison.Ordinal);
            ulong start = Math.Max(Hex(line[..dash]), range.Start.Value);
            ulong end = Math.Min(Hex(line[(dash + 1)..line.IndexOf(' ', StringComparison.Ordinal)]), range.End.Value);
            if (start < end)
            {
                found.Add(new AddressRange(start, end));
            }
        }

        return found;
    }

    private static ulong Hex(string text) => ulong.Parse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
