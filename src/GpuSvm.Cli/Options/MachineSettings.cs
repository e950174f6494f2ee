using System.CommandLine;

namespace GpuSvm.Cli.Options;

/// <summary>The options that set the machine, shared by every workload.</summary>
internal sealed class MachineSettings
{
    private static readonly MachineOptions Standard = new();

    private readonly Option<ulong> _seed = NumberOption.Create(
        "--seed", "Where all chance comes from: page frames, DMA addresses, order of execution.", Standard.Seed, 0UL, ulong.MaxValue);

    private readonly Option<int> _sms = NumberOption.Create(
        "--sms", "Streaming multiprocessors of the GPU, 1 to 128.", Standard.Sms, 1, 128);

    private readonly Option<int> _warps = NumberOption.Create(
        "--warps", "Warps of 32 threads that a multiprocessor holds, 1 to 64.", Standard.WarpsPerSm, 1, 64);

    private readonly Option<bool> _parallel = new("--parallel")
    {
        Description = "Run the GPU on several threads instead of in one reproducible order.",
    };

    private readonly Option<int> _faultBufferEntries = NumberOption.Create(
        "--fault-buffer-entries", "Size of the GPU's fault buffer, 2 to 1048576.", Standard.FaultBufferEntries, 2, 1 << 20);

    /// <summary>Where pages live.</summary>
    public MigrationSettings Migration { get; } = new();

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        command.Add(_seed);
        command.Add(_sms);
        command.Add(_warps);
        command.Add(_parallel);
        command.Add(_faultBufferEntries);
        Migration.AddTo(command);
    }

    /// <summary>The machine that a command line asks for.</summary>
    /// <exception cref="BadInputException">Options do not fit together.</exception>
    public MachineOptions Read(ParseResult parsed) => Migration.Read(parsed, new MachineOptions
    {
        Seed = parsed.GetValue(_seed),
        Sms = parsed.GetValue(_sms),
        WarpsPerSm = parsed.GetValue(_warps),
        Execution = parsed.GetValue(_parallel) ? ExecutionMode.Parallel : ExecutionMode.Sequential,
        FaultBufferEntries = parsed.GetValue(_faultBufferEntries),
    });
}
