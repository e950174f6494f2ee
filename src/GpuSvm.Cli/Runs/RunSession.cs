using System.Runtime.InteropServices;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Targets;

namespace GpuSvm.Cli.Runs;

/// <summary>One run: the process that it works on, and the time that its launches took.</summary>
internal sealed class RunSession
{
    private const int BlockBytes = 1 << 20;
    private const int ThreadsPerBlock = 32;

    private readonly int _blocks;

    /// <summary>Begins a run.</summary>
    /// <param name="target">The process to work on; the caller disposes of it.</param>
    public RunSession(RunTarget target)
    {
        Target = target;
        _blocks = Options.Sms * Options.WarpsPerSm;
    }

    /// <summary>What the user asked for.</summary>
    public MachineOptions Options => Target.Options;

    /// <summary>The process whose memory the kernels see.</summary>
    public RunTarget Target { get; }

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
    public ulong Map(ulong bytes) => Target.Map(bytes);

    /// <summary>Copies values into the process's memory.</summary>
    /// <param name="values">At least one.</param>
    /// <returns>Address of the first.</returns>
    public ulong Place<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        ReadOnlySpan<byte> bytes = MemoryMarshal.AsBytes(values);
        ulong start = Map((ulong)bytes.Length);
        Target.Write(start, bytes);
        return start;
    }

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

            Target.Write(start + (ulong)at, block.AsSpan(0, read));
            at += read;
        }

        return start;
    }

    /// <summary>Runs a kernel to its end.</summary>
    /// <exception cref="RunFailedException">It was cancelled, or threw.</exception>
    public async Task LaunchAsync<TArgs>(GpuKernel<TArgs> kernel, int grid, int block, TArgs args)
        where TArgs : unmanaged
    {
        LaunchResult result = await Target.LaunchAsync(kernel, grid, block, args).ConfigureAwait(false);
        Elapsed += result.Elapsed;
        if (!result.Succeeded)
        {
            string why = result.Fault?.ToString() ?? result.Exception?.Message ?? result.Status.ToString();
            throw new RunFailedException($"launch failed: {why}");
        }
    }
}
