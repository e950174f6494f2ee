using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;

namespace GpuSvm.Live.Programs;

/// <summary>Becomes another program in the middle of a session.</summary>
internal sealed class Execs : ILiveProgram
{
    /// <inheritdoc/>
    public string Name => "execs";

    /// <inheritdoc/>
    public async Task RunAsync(string[] args, TextWriter output)
    {
        SvmSession svm = await SvmSession.OpenAsync(new SvmOptions
        {
            VideoMemory = ByteSize.MiB(64),
            Ranges = new SvmRangeOptions { Placement = SvmResidency.Device },
        });
        VirtualAddress start = svm.Map(4 * Page.Size, Protection.ReadWrite);
        svm.Word(start, 0) = 5;
        (await svm.AddAsync(start, 4, 1)).ThrowIfFailed();
        Check.Equal(PagePlacement.DeviceMemory, (await svm.ResidencyAsync(start)).Placement, "place of a page");
        await svm.TellAsync(output);
        RawCalls.Become("/bin/sh", "-c", "sleep 2; echo it was not killed");
    }
}
