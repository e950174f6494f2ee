using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Faults;

/// <summary>System memory is full, and a page that is on the GPU cannot come home. <c>no-room call|load</c></summary>
internal sealed class NoRoom : ILiveProgram
{
    private const int Limit = 64;

    /// <inheritdoc/>
    public string Name => "no-room";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmOptions options = EngineFixture.Moving(ExecutionMode.Sequential) with
        {
            SystemMemory = Limit * Page.Size,
            HeapLimit = ByteSize.MiB(64),
            ReadAroundPages = 1,
        };
        await using SvmSession svm = await SvmSession.OpenAsync(options);
        VirtualAddress moved = svm.Map(2 * Page.Size, Protection.ReadWrite);
        VirtualAddress full = svm.Map((Limit + 1) * Page.Size, Protection.ReadWrite);
        svm.Word(moved, 0) = 40;
        svm.Word(moved, 1) = 50;
        (await svm.AddAsync(moved, 2, 2)).ThrowIfFailed();
        Check.Equal(PagePlacement.DeviceMemory, (await svm.ResidencyAsync(moved)).Placement, "a page that the GPU used");
        for (int page = 0; page < Limit; page++)
        {
            svm.Word(full, page) = page;
        }

        if (args[0] == "load")
        {
            await svm.TellAsync(output, (long)moved.Value);
            Check.Equal(42, svm.Word(moved, 0), "never reached");
            return;
        }

        using SafeFileHandle scratch = MemoryFile.Create("gpusvm-scratch", Page.Size);
        Check.Equal((int)Errno.EFAULT, Native.LoadByKernel(scratch, moved.Value), "a page that cannot come home");
        Check.Equal((int)Errno.EFAULT, Native.StoreByKernel(scratch, (full + (Limit * Page.Size)).Value), "a page for which there is no memory");

        // The engine lives, the bytes are right, and with memory a page comes home.
        (await svm.AddAsync(moved, 2, 1)).ThrowIfFailed();
        svm.Unmap(full, 8 * Page.Size);
        Check.Equal(53, svm.Word(moved, 1), "a page that comes home once there is room");
        Check.Equal((int)Errno.EFAULT, Native.LoadByKernel(scratch, moved.Value), "the page that could not, later");
        for (int page = 8; page < Limit; page++)
        {
            Check.Equal(page, svm.Word(full, page), $"page {page}");
        }
    }
}
