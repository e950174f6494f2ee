namespace GpuSvm.SvmTests;

/// <summary>A process as a GPU sees it.</summary>
/// <param name="Gpu">The GPU.</param>
/// <param name="Process">The process.</param>
/// <param name="Client">The driver's side of it.</param>
internal sealed record GpuClient(SvmGpu Gpu, SvmProcess Process, SvmClient Client)
{
    /// <summary>Makes a channel.</summary>
    public Channel Join() => Gpu.Driver.Join(Client);

    /// <summary>Takes a channel away.</summary>
    public void Part(Channel channel) => Gpu.Driver.Part(channel);

    /// <summary>Starts an exec on a channel.</summary>
    public Task<LaunchResult> Submit(Channel channel, VirtualAddress batch) =>
        Gpu.Device.LaunchAsync(channel.Instance, ExecKernel.RunAsync, 1, 1, new ExecArgs(batch));

    /// <summary>Moves memory to the GPU.</summary>
    public BindResult Prefetch(AddressRange range) => Gpu.Driver.Bind(Client, BindRequest.Migrate(range.Start, range.End));

    /// <summary>Says where memory is to live.</summary>
    public void Advise(AddressRange range, MemoryAdvice advice) =>
        Expect.Equal(Errno.None, Gpu.Driver.TryAdvise(Client, range, advice), $"advising {advice}");

    /// <summary>Stops the test if the GPU has an entry for a page that has gone.</summary>
    public void ExpectGone(AddressRange range, string what) =>
        Expect.That(!Client.Mirror.HasPages(range), $"{what}: the GPU still has an entry in {range}");
}
