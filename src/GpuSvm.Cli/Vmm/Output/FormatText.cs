using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>The names of a format's parts.</summary>
internal static class FormatText
{
    /// <summary>The page tables of large pages.</summary>
    public const string LargePageTable = "LPT";

    /// <summary>The page tables of small pages.</summary>
    public const string SmallPageTable = "SPT";

    /// <summary>The directories of a depth: numbered from the last one up, as the manuals do.</summary>
    public static string DirectoryName<TFormat>(int depth)
        where TFormat : struct, IPageTableFormat => $"PD{TFormat.LevelCount - 2 - depth}";

    /// <summary>A power of two in its largest unit: <c>64 KiB</c>.</summary>
    public static string Size(ulong bytes)
    {
        string[] units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
        int unit = 0;
        while (bytes >= 1024 && bytes % 1024 == 0)
        {
            bytes /= 1024;
            unit++;
        }

        return $"{bytes} {units[unit]}";
    }
}
