using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Programs;

/// <summary>Kernels that fail: each fails its own launch, with a report, and the next one runs.</summary>
internal sealed class LaunchErrors : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "launch-errors";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        await using SvmSession svm = await SvmSession.OpenAsync(new SvmOptions());
        VirtualAddress memory = svm.Map(Page.Size, Protection.ReadWrite);
        VirtualAddress constant = svm.Map(Page.Size, Protection.Read);
        int good = 0;
        await ThrowAsync(svm, memory);
        await GoOnAsync();
        await svm.DemandFaultAsync(0x1_0000, "a bad address");
        await GoOnAsync();
        await FaultAsync(svm, memory + 2, "a misaligned address", Errno.EINVAL);
        await GoOnAsync();
        await FaultAsync(svm, constant, "a store to what may only be read", Errno.EPERM);
        await GoOnAsync();

        async Task GoOnAsync()
        {
            (await svm.AddAsync(memory, 1, 1)).ThrowIfFailed();
            Check.Equal(++good, svm.Word(memory, 0), "what good launches have counted");
        }
    }

    private static async Task ThrowAsync(SvmSession svm, VirtualAddress memory)
    {
        LaunchResult result = await svm.LaunchAsync(PageKernels.Throw, grid: 2, block: 32, new PageArgs(memory, 9, 0));
        Check.Equal(LaunchStatus.KernelThrew, result.Status, "a kernel that throws");
        var thrown = (KernelException)result.Exception!;
        Check.Equal(typeof(OwnException).FullName!, thrown.RemoteType, "what it throws");
        Check.Equal("page 9", thrown.Message, "its message");
        Check.That(thrown.RemoteStackTrace.Contains("PageKernels.Throw", StringComparison.Ordinal), "The trace names the kernel.");
        Check.That(
            thrown.RemoteStackTrace.Contains("System.ArithmeticException: the cause", StringComparison.Ordinal),
            "The trace has the cause.");
    }

    private static async Task FaultAsync(SvmSession svm, VirtualAddress address, string what, Errno error)
    {
        LaunchResult result = await svm.LaunchAsync(PageKernels.Store, grid: 1, block: 1, new PageArgs(address, 1, 1));
        Check.Equal(LaunchStatus.Faulted, result.Status, what);
        Check.Equal(address, result.Fault!.Address, $"{what}: address");
        Check.Equal(error, result.Fault.Error, $"{what}: error");
        Check.That(result.Fault.Reason.Length > 0, $"{what}: a reason");
    }
}
