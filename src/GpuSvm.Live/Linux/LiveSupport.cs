using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace GpuSvm.Live;

/// <summary>Whether this machine can share a real process' memory with a GPU, and if not, what is missing.</summary>
internal static class LiveSupport
{
    /// <summary>Set to 1, this environment variable switches userfaultfd off.</summary>
    internal const string OffVariable = "GPUSVM_NO_USERFAULTFD";

    /// <summary>The features of userfaultfd that must be there, and are switched on.</summary>
    internal const UffdFeatures Required =
        UffdFeatures.MissingShmem | UffdFeatures.MinorShmem | UffdFeatures.PagefaultFlagWp | UffdFeatures.WpHugetlbfsShmem |
        UffdFeatures.WpUnpopulated | UffdFeatures.EventUnmap | UffdFeatures.EventRemap | UffdFeatures.EventRemove |
        UffdFeatures.Poison | UffdFeatures.ThreadId;

    /// <summary>What is switched on where it is permitted: telling of forks needs CAP_SYS_PTRACE.</summary>
    internal const UffdFeatures Optional = UffdFeatures.EventFork;

    private static readonly string[] Names =
    [
        "PAGEFAULT_FLAG_WP", "EVENT_FORK", "EVENT_REMAP", "EVENT_REMOVE", "MISSING_HUGETLBFS", "MISSING_SHMEM", "EVENT_UNMAP", "SIGBUS",
        "THREAD_ID", "MINOR_HUGETLBFS", "MINOR_SHMEM", "EXACT_ADDRESS", "WP_HUGETLBFS_SHMEM", "WP_UNPOPULATED", "POISON", "WP_ASYNC",
        "MOVE",
    ];

    /// <summary>One line that names the missing setting; null when nothing is missing. Looked up anew each time.</summary>
    internal static string? Missing =>
        Environment.GetEnvironmentVariable(OffVariable) == "1" ? $"userfaultfd is switched off by {OffVariable}=1" :
        MissingPlatform() ?? MissingUserfaultfd() ?? MissingFiles();

    /// <summary>Release of the running kernel, such as <c>6.18.44</c>.</summary>
    internal static string KernelRelease => OperatingSystem.IsLinux()
        ? File.ReadAllText("/proc/sys/kernel/osrelease").Trim()
        : Environment.OSVersion.VersionString;

    /// <summary>Version of this library; app and engine must have the same.</summary>
    internal static string Version =>
        typeof(LiveSupport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>The kernel's names of features, without their common prefix, in the order of their bits.</summary>
    internal static IReadOnlyList<string> FeatureNames(UffdFeatures features)
    {
        var names = new List<string>();
        for (int bit = 0; bit < 64; bit++)
        {
            if (((ulong)features >> bit & 1) != 0)
            {
                names.Add(bit < Names.Length ? Names[bit] : string.Create(CultureInfo.InvariantCulture, $"BIT_{bit}"));
            }
        }

        return names;
    }

    /// <summary>One line about the required features that a kernel lacks; null when it has all.</summary>
    internal static string? MissingFeatures(UffdFeatures available)
    {
        UffdFeatures missing = Required & ~available;
        return missing == UffdFeatures.None
            ? null
            : $"the userfaultfd of kernel {KernelRelease} lacks {string.Join(", ", FeatureNames(missing))}";
    }

    private static string? MissingPlatform() =>
        !OperatingSystem.IsLinux() ? "live memory needs Linux" :
        RuntimeInformation.ProcessArchitecture is not (Architecture.X64 or Architecture.Arm64)
            ? $"live memory needs x86-64 or arm64, not {RuntimeInformation.ProcessArchitecture}" :
        Environment.ProcessId == 1
            ? "process 1 of a container cannot be ended from inside should its engine die: run the app under an init (docker run --init)" :
        Environment.SystemPageSize != (int)Page.Size ? $"live memory needs pages of {Page.Size} bytes, not {Environment.SystemPageSize}" :
        null;

    private static string? MissingUserfaultfd()
    {
        _ = Userfaultfd.TryOpen(out Userfaultfd? opened, out string? missing);
        using (opened)
        {
            return opened is null ? missing
                : opened.Enable(UffdFeatures.None, out UffdFeatures available) is var error and not Errno.None
                    ? $"the handshake of userfaultfd was refused ({error})"
                    : MissingFeatures(available);
        }
    }

    private static string? MissingFiles()
    {
        try
        {
            MemoryFile.Create("gpusvm-probe", Page.Size).Dispose();
            ProcessFile.Open(Environment.ProcessId).Dispose();
            return null;
        }
        catch (SvmException refused)
        {
            return $"kernel {KernelRelease} has no sealed memfd or no pidfd: {refused.Message}";
        }
    }
}
