using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs;

/// <summary>One run: a machine with one process, and the time that its launches took.</summary>
internal sealed class RunSession : IDisposable
{
    private const int BlockBytes = 1 << 20;
    private const int ThreadsPerBlock = 32;

    private readonly int _blocks;

    /// <summary>Builds the machine and starts a process.</summary>
    public RunSession(MachineOptions options)
    {
        Options = options;
        Machine = new Machine(options);
        Process = Machine.StartProcess();
        Cpu = Process.Cpu(0);
        _blocks = options.Sms * options.WarpsPerSm;
    }

    /// <summary>The machine's options.</summary>
    public MachineOptions Options { get; }

    /// <summary>The machine.</summary>
    public Machine Machine { get; }

    /// <summary>The process whose memory the kernels see.</summary>
    public SimulatedProcess Process { get; }

    /// <summary>The CPU thread that loads the input and reads the results.</summary>
    public CpuThread Cpu { get; }

    /// <summary>Time of all launches so far.</summary>
    public TimeSpan Elapsed { get; private set; }

    /// <summary>Threads of a block: one warp.</summary>
    public static int BlockSize => ThreadsPerBlock;

    /// <summary>Number of blocks for work of some size: as many as the GPU holds at once, but none without work.</summary>
    /// <param name="items">Pieces of work, one a thread at a time.</param>
    public int BlocksFor(long items) => (int)Math.Clamp((items + ThreadsPerBlock - 1) / ThreadsPerBlock, 1, _blocks);

    /// <summary>Maps zeroed memory.</summary>
    /// <param name="bytes">Number of bytes, at least 1.</param>
    /// <returns>Address of the first byte, a multiple of the page size.</returns>
    public ulong Map(ulong bytes) => Process.Map(bytes, Protection.ReadWrite);

    /// <summary>Copies a file into the process's memory, block by block.</summary>
    /// <returns>Address of its first byte.</returns>
    public ulong Load(InputFile file)
    {
        ulong start = Map((ulong)file.Length);
        byte[] block = new byte[BlockBytes];
        using FileStream stream = file.Open();
        for (long at = 0; at < file.Length;)
        {
            int read = stream.Read(block, 0, (int)Math.Min(block.Length, file.Length - at));
            if (read == 0)
            {
                throw new BadInputException($"{file.Path}: became shorter while it was read");
            }

            Cpu.Write(start + (ulong)at, block.AsSpan(0, read));
            at += read;
        }

        return start;
    }

    /// <summary>Runs a kernel to its end.</summary>
    /// <exception cref="RunFailedException">It was cancelled, or threw.</exception>
    public async Task LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        LaunchResult result = await Machine.Gpu.LaunchAsync(Process, kernel, grid, block, args).ConfigureAwait(false);
        Elapsed += result.Elapsed;
        if (!result.Succeeded)
        {
            string why = result.Fault?.ToString() ?? result.Exception?.Message ?? result.Status.ToString();
            throw new RunFailedException($"launch failed: {why}");
        }
    }

    /// <summary>Ends the process and the machine.</summary>
    public void Dispose() => Machine.Dispose();
}
