namespace GpuSvm.Gpu;

/// <summary>A launch of a kernel with its arguments.</summary>
internal sealed class Launch<TArgs> : Launch
    where TArgs : unmanaged
{
    private readonly GpuKernel<TArgs> _kernel;
    private readonly TArgs _args;

    /// <param name="channel">Where it runs.</param>
    /// <param name="kernel">A static method.</param>
    /// <param name="shape">Grid and block.</param>
    /// <param name="args">What every thread is given.</param>
    /// <param name="clock">Measures the launch.</param>
    /// <param name="wake">Wakes sleeping SMs when the launch is stopped.</param>
    internal Launch(Channel channel, GpuKernel<TArgs> kernel, LaunchShape shape, TArgs args, Clock clock, Action wake)
        : base(channel, shape, clock, wake)
    {
        _kernel = kernel;
        _args = args;
    }

    internal override GpuTask Start(GpuThread lane) => _kernel(lane, _args);
}
