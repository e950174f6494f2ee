using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Gpu;
using GpuSvm.Live.Programs.Kernels;
using GpuSvm.Mmu;

namespace GpuSvm.Live.Tests.Kernels;

/// <summary>A GPU with one mapped page, and a loader that knows nothing yet, as in an engine that just started.</summary>
internal sealed class KernelRig : IDisposable
{
    internal const ulong Base = 0x7f00_0000_0000;

    private static readonly FrameNumber Frame = new(3);
    private static readonly InstancePointer Channel = new(0x1000);

    private readonly SystemMemory _memory = new(16);
    private readonly SoftwareGpu _gpu;
    private readonly GpuAddressSpace _space;

    internal KernelRig()
    {
        _gpu = new SoftwareGpu(_memory, new SoftwareGpuOptions { Sms = 1 });
        Assert.Equal(Errno.None, GpuAddressSpace.TryCreate(_gpu.PageTableMemory, _gpu.DmaMapper, _gpu, out GpuAddressSpace? space));
        _space = space!;
        Assert.Equal(Errno.None, _gpu.BindInstance(Channel, _space.Root));
        PfnEntry[] pfns = [PfnEntry.Host(Frame, TranslationRights.Read | TranslationRights.Write)];
        Assert.Equal(Errno.None, _space.PfnMap(Page.Shift, Base, pfns));
    }

    /// <summary>The file of the assembly that has the kernels; the test process has it loaded too, in its own context.</summary>
    internal static string AssemblyPath => typeof(TestKernels).Assembly.Location;

    internal KernelLoader Loader { get; } = new();

    internal Span<ulong> Words => MemoryMarshal.Cast<byte, ulong>(_memory.Frame(Frame));

    /// <summary>Names the kernel, loads it by that name, and runs it with the bytes of its arguments.</summary>
    internal LaunchResult Launch<TArgs>(GpuKernel<TArgs> kernel, TArgs args, int threads = 1)
        where TArgs : unmanaged
        => Launch(Loader.Load(KernelReference.Of(kernel)), MemoryMarshal.AsBytes([args]), threads);

    internal LaunchResult Launch(LoadedKernel kernel, ReadOnlySpan<byte> args, int threads = 1)
    {
        Task<LaunchResult> launch = kernel.LaunchAsync(_gpu, Channel, 1, threads, args);
        Assert.True(launch.IsCompletedSuccessfully);
        return launch.Result;
    }

    public void Dispose()
    {
        _gpu.UnbindInstance(Channel);
        _space.Dispose();
        _gpu.Dispose();
        _memory.Dispose();
    }
}
