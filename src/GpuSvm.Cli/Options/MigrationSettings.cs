using System.CommandLine;
using System.Numerics;

namespace GpuSvm.Cli.Options;

/// <summary>The options that set where pages live, shared by every workload.</summary>
internal sealed class MigrationSettings
{
    private const int LongestTimeslice = 10_000;
    private static readonly MachineOptions Standard = new();

    private readonly Option<ByteSize> _videoMemory = SizeOption.Create(
        "--vram",
        "The GPU's own memory, 64K to 128G; page tables need a little of it.",
        Standard.VideoMemory,
        ByteSize.KiB(64),
        ByteSize.GiB(128));

    private readonly Option<SvmResidency?> _placement = ChoiceOption.Create(
        "--placement",
        "Follow memory by ranges, and let their pages live in system memory, in the GPU's, or where they are used.",
        ("system", SvmResidency.System),
        ("device", SvmResidency.Device),
        ("auto", SvmResidency.Auto));

    private readonly Option<ByteSize[]> _chunks = ChunksOption.Create(
        "--chunks", "With --placement: sizes of ranges, powers of two from 2M down to 4K. [default: 2M,64K,4K]");

    private readonly Option<int?> _timeslice = NumberOption.CreateOptional(
        "--timeslice",
        "With --placement: milliseconds for which pages stay on the GPU though the CPU wants them, 0 to 10000. [default: 0]",
        0,
        LongestTimeslice);

    private readonly Option<int?> _readAround = NumberOption.CreateOptional(
        "--read-around",
        "With --placement: pages that come home together when the CPU touches one, 1 to 512, a power of two. [default: 16]",
        1,
        512);

    private readonly Option<EvictionPolicy?> _eviction = ChoiceOption.Create(
        "--eviction",
        "With --placement: whose pages leave the GPU's memory when others need the room. [default: scan-resistant]",
        EvictionNames.All);

    /// <summary>The placement of a command line that names none; null for none, where memory is not followed by ranges.</summary>
    public SvmResidency? UsualPlacement { get; set; }

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        _timeslice.HelpName = "MS";
        command.Add(_videoMemory);
        command.Add(_placement);
        command.Add(_chunks);
        command.Add(_timeslice);
        command.Add(_readAround);
        command.Add(_eviction);
    }

    /// <summary>A machine with what a command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="options">All else.</param>
    /// <exception cref="BadInputException">An option stands without the one that it belongs to.</exception>
    public MachineOptions Read(ParseResult parsed, MachineOptions options)
    {
        options = options with { VideoMemory = parsed.GetValue(_videoMemory) };
        if ((parsed.GetValue(_placement) ?? UsualPlacement) is not { } placement)
        {
            DemandNone(parsed, "only with --placement system, device or auto", _chunks, _timeslice, _readAround, _eviction);
            return options;
        }

        int readAround = parsed.GetValue(_readAround) ?? options.ReadAroundPages;
        if (!BitOperations.IsPow2(readAround))
        {
            throw new BadInputException($"--read-around {readAround}: expected a power of two from 1 to 512");
        }

        SvmRangeOptions ranges = options.Ranges;
        return options with
        {
            Strategy = MirrorStrategy.SizedRanges,
            ReadAroundPages = readAround,
            Eviction = parsed.GetValue(_eviction) ?? options.Eviction,
            Ranges = ranges with
            {
                Placement = placement,
                ChunkSizes = parsed.GetValue(_chunks) is { Length: > 0 } chunks ? chunks : ranges.ChunkSizes,
                Timeslice = parsed.GetValue(_timeslice) is { } milliseconds ? TimeSpan.FromMilliseconds(milliseconds) : ranges.Timeslice,
            },
        };
    }

    private static void DemandNone(ParseResult parsed, string why, params ReadOnlySpan<Option> options)
    {
        foreach (Option option in options)
        {
            if (parsed.GetResult(option) is { Implicit: false } given)
            {
                throw new BadInputException($"{option.Name} {given.Tokens[0].Value}: {why}");
            }
        }
    }
}
