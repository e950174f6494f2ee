using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Streams;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run stream</c>.</summary>
internal static class StreamVerb
{
    private const int Arrays = 3;
    private const int Values = 1 << 20;

    // A page of each array at a time, for each block of threads.
    private const int ChunkElements = (int)Page.Size / sizeof(double);

    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("stream", "Compute a = b + 3 c over three arrays: the triad of McCalpin's STREAM.");
        Option<ByteSize> size = SizeOption.Create(
            "--size",
            "Size of the three arrays together, 1 to 4G; rounded up to whole pages of each.",
            ByteSize.MiB(12),
            least: 1,
            most: ByteSize.GiB(4));
        command.Add(size);
        command.Runs((session, parsed) => RunAsync(session, parsed.GetValue(size)));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, ByteSize size)
    {
        ulong chunks = (size.Bytes + (Arrays * Page.Size) - 1) / (Arrays * Page.Size);
        int elements = (int)chunks * ChunkElements;
        var random = new SeededRandom(session.Options.Seed);
        double[] b = Numbers(random, elements);
        double[] c = Numbers(random, elements);
        ulong sums = session.Map(chunks * Page.Size);
        var args = new PatternArgs(sums, session.Place<double>(b), session.Place<double>(c), elements, ChunkElements);

        // One block of threads for each chunk: they begin in order as others end, so all work near one place. As many as run at once, with
        // a stride each, would drift apart, and each want its own part of the arrays on the device.
        await session.LaunchAsync(AccessPatterns.Stream, (int)chunks, RunSession.BlockSize, args).ConfigureAwait(false);

        double[] expected = PlainTriad.Compute(b, c);
        string? failure = null;
        double sum = 0;
        for (int i = 0; i < elements; i++)
        {
            double seen = session.Target.Load<double>(sums + (sizeof(double) * (ulong)i));
            failure ??= seen == expected[i] ? null : Differs(i, expected[i], seen);
            sum += seen;
        }

        StreamInput input = new(Arrays * (long)chunks * (long)Page.Size, elements);
        StreamResult result = new(long.CreateSaturating(sum));
        string answer = string.Create(CultureInfo.InvariantCulture, $"{elements} elements of 3 arrays, sum {result.Sum}");
        return new RunReport(input, result, [answer], failure);
    }

    private static double[] Numbers(SeededRandom random, int count)
    {
        double[] numbers = new double[count];
        foreach (ref double number in numbers.AsSpan())
        {
            number = random.Next(Values);
        }

        return numbers;
    }

    private static string Differs(int element, double expected, double seen) =>
        string.Create(CultureInfo.InvariantCulture, $"element {element} is {expected} for the CPU, {seen} for the GPU");
}
