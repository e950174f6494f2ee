using System.Globalization;

namespace GpuSvm.Live;

/// <summary>Names of the memory files of buffers, as /proc/PID/maps shows them: by them a mapping tells whose it is.</summary>
internal static class BufferName
{
    private const string MapsPrefix = "/memfd:";
    private const string MapsSuffix = " (deleted)";

    /// <summary>The name of one buffer: no other buffer of any living engine has it.</summary>
    public static string Of(int engineId, long buffer) => string.Create(CultureInfo.InvariantCulture, $"{PrefixOf(engineId)}{buffer}");

    /// <summary>What a link of /proc/PID/map_files to one buffer says.</summary>
    public static string LinkTo(int engineId, long buffer) => $"{MapsPrefix}{Of(engineId, buffer)}{MapsSuffix}";

    /// <summary>True if a line of /proc/PID/maps shows a buffer of an engine; any of them, or a certain one.</summary>
    public static bool IsIn(string line, int engineId, long? buffer)
    {
        int start = line.IndexOf(MapsPrefix, StringComparison.Ordinal) + MapsPrefix.Length;
        if (start < MapsPrefix.Length || !line.EndsWith(MapsSuffix, StringComparison.Ordinal))
        {
            return false;
        }

        ReadOnlySpan<char> name = line.AsSpan(start, line.Length - MapsSuffix.Length - start);
        return buffer is { } certain
            ? name.SequenceEqual(Of(engineId, certain))
            : name.StartsWith(PrefixOf(engineId), StringComparison.Ordinal);
    }

    /// <summary>Which buffer of an engine a line of /proc/PID/maps shows; null when it shows none.</summary>
    public static long? NumberIn(string line, int engineId)
    {
        if (!IsIn(line, engineId, null))
        {
            return null;
        }

        int start = line.LastIndexOf('-') + 1;
        ReadOnlySpan<char> number = line.AsSpan(start, line.Length - MapsSuffix.Length - start);
        return long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long buffer) ? buffer : null;
    }

    private static string PrefixOf(int engineId) => string.Create(CultureInfo.InvariantCulture, $"gpusvm-{engineId}-");
}
