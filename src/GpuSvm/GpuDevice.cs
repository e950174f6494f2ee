using GpuSvm.Driver;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <summary>A machine's GPU as a program sees it: something to run kernels on.</summary>
public sealed class GpuDevice
{
    private readonly SoftwareGpu _gpu;
    private readonly SvmDriver _driver;

    internal GpuDevice(SoftwareGpu gpu, SvmDriver driver)
    {
        _gpu = gpu;
        _driver = driver;
    }

    /// <summary>Runs a kernel on the memory of a process; it gets pointers and faults its way through them.</summary>
    /// <typeparam name="TArgs">The kernel's arguments: a struct of addresses and numbers.</typeparam>
    /// <param name="process">Whose memory the kernel sees.</param>
    /// <param name="kernel">A static async method that returns <see cref="GpuTask"/>.</param>
    /// <param name="grid">Number of blocks: at least 1.</param>
    /// <param name="block">Number of threads a block: at least 1, at most 32 times <see cref="MachineOptions.WarpsPerSm"/>.</param>
    /// <param name="args">Given to every thread.</param>
    /// <returns>
    /// How the launch ended. An access that cannot be served ends the launch, with a report, and nothing else; it is not an exception.
    /// </returns>
    /// <exception cref="ArgumentException">The kernel is not a static method, or a size lies out of its range.</exception>
    /// <exception cref="ObjectDisposedException">The process or the machine has ended.</exception>
    /// <remarks>
    /// In sequential execution the kernel has run when this call returns. Launches of one process share its memory. A kernel that loops
    /// until something changes must call <see cref="GpuThread.Yield"/> in its loop, or it keeps other launches waiting.
    /// </remarks>
    public async Task<LaunchResult> LaunchAsync<TArgs>(
        SimulatedProcess process, GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        ArgumentNullException.ThrowIfNull(process);
        Channel channel = _driver.Join(process.Client);
        try
        {
            return await _gpu.LaunchAsync(channel.Instance, kernel, grid, block, args).ConfigureAwait(false);
        }
        finally
        {
            _driver.Part(channel);
        }
    }
}
