using GpuSvm.Core;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>What programs often do with a session.</summary>
internal static class Sessions
{
    /// <summary>The first word of a page, as the CPU sees it.</summary>
    public static ref int Word(this SvmSession svm, VirtualAddress start, int page) =>
        ref svm.Span<int>(start + ((ulong)page * Page.Size), 1)[0];

    /// <summary>Maps pages from a multiple of 2 MiB on, so that ranges are as large as they can be.</summary>
    public static VirtualAddress MapAligned(this SvmSession svm, int pages)
    {
        ulong block = ByteSize.MiB(2).Bytes;
        ulong start = svm.Map(((ulong)pages * Page.Size) + block, Protection.ReadWrite).Value;
        return (start + block - 1) & ~(block - 1);
    }

    /// <summary>Writes the ids of engine and guard, and what else the test wants; then waits until it has opened them: see Watched.</summary>
    /// <remarks>What ends before that could have another process's number by then.</remarks>
    public static async Task TellAsync(this SvmSession svm, TextWriter output, params long[] more)
    {
        await output.WriteLineAsync(string.Join(' ', [svm.EngineProcessId, svm.GuardProcessId, .. more]));
        await output.FlushAsync();
        await Console.In.ReadLineAsync(CancellationToken.None);
    }

    /// <summary>Adds a number to the first word of each page, on the GPU.</summary>
    public static Task<LaunchResult> AddAsync(this SvmSession svm, VirtualAddress start, int pages, int value) =>
        svm.LaunchAsync(PageKernels.Add, grid: 1, block: 32, new PageArgs(start, pages, value));

    /// <summary>Demands that the GPU cannot reach a page, and says so exactly.</summary>
    public static async Task DemandFaultAsync(this SvmSession svm, VirtualAddress address, string what)
    {
        LaunchResult result = await svm.AddAsync(address, 1, 1);
        Check.Equal(LaunchStatus.Faulted, result.Status, what);
        Check.Equal(address, result.Fault!.Address, $"{what}: address");
        Check.Equal(Errno.EFAULT, result.Fault.Error, $"{what}: error");
        Check.Equal(FaultAccess.Read, result.Fault.Access, $"{what}: access");
    }

    /// <summary>Starts a kernel that stores for ever and waits until it does.</summary>
    public static Task<LaunchResult> StartEndless(this SvmSession svm, VirtualAddress start, int pages, VirtualAddress flag)
    {
        Task<LaunchResult> launch = svm.LaunchAsync(
            PageKernels.StoreForEver, grid: 1, block: 1, new PageArgs(start, pages, 0) { Flag = flag });
        var spin = new SpinWait();
        while (Volatile.Read(ref svm.Word(flag, 0)) == 0)
        {
            Check.That(!launch.IsCompleted, "a kernel that stores for ever has ended before it began");
            spin.SpinOnce();
        }

        return launch;
    }
}
