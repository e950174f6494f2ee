using GpuSvm.Core;

namespace GpuSvm.Live.Tests.Infrastructure;

/// <summary>Whether memory can be adopted here.</summary>
internal static class Adopting
{
    /// <summary>One line that names what is missing; null when nothing is.</summary>
    public static string? Missing => SvmSession.Missing ?? (HearsOfForks ? null : "EVENT_FORK of userfaultfd is not permitted (CAP_SYS_PTRACE)");

    private static bool HearsOfForks
    {
        get
        {
            _ = Userfaultfd.TryOpen(out Userfaultfd? opened, out _);
            using (opened)
            {
                return opened?.Enable(LiveSupport.Required | LiveSupport.Optional, out _) == Errno.None;
            }
        }
    }
}
