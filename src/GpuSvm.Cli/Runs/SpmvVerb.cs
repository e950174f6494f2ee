using System.CommandLine;
using System.Globalization;
using GpuSvm.Cli.Options;
using GpuSvm.Cli.Runs.Matrices;

namespace GpuSvm.Cli.Runs;

/// <summary><c>gpusvm run spmv</c>.</summary>
internal static class SpmvVerb
{
    /// <summary>Makes the command.</summary>
    public static WorkloadCommand Create()
    {
        var command = new WorkloadCommand("spmv", "Multiply a sparse matrix by a random vector.");
        Argument<string> file = WorkloadCommand.FileArgument(
            "A Matrix Market file: coordinate; real, integer or pattern; general or symmetric.");
        command.Add(file);
        command.Runs((session, parsed) => RunAsync(session, InputFile.At(parsed.GetRequiredValue(file))));
        return command;
    }

    private static async Task<RunReport> RunAsync(RunSession session, InputFile file)
    {
        try
        {
            return await MultiplyAsync(session, file).ConfigureAwait(false);
        }
        catch (MatrixMarketException malformed)
        {
            throw new BadInputException($"{file.Path}: {malformed.Message}");
        }
    }

    private static async Task<RunReport> MultiplyAsync(RunSession session, InputFile file)
    {
        MatrixIndex index = ReadIndex(file);
        double[] vector = RandomVector(session, index.Header.Columns);
        using FileStream entries = file.Open();
        ProcessMatrix matrix = ProcessMatrix.Load(session, index, entries, vector);
        double[] seen = await matrix.MultiplyAsync().ConfigureAwait(false);

        using FileStream again = file.Open();
        PlainSparseProduct expected = PlainSparseProduct.Compute(again, vector);
        int wrong = Enumerable.Range(0, seen.Length).FirstOrDefault(row => !expected.IsRight(row, seen[row]), -1);
        ProductResult result = new(seen.Min(), seen.Max(), seen.Sum());
        CultureInfo invariant = CultureInfo.InvariantCulture;
        string shape = $"{index.EntryCount} entries in {index.Header.Rows} rows and {index.Header.Columns} columns";
        string elements = string.Create(invariant, $"from {result.Smallest:g6} to {result.Largest:g6}, sum {result.Sum:g6}");
        return new RunReport(
            MatrixInput.Of(file, index),
            result,
            [shape, $"elements of the product {elements}"],
            wrong < 0 ? null : string.Create(
                invariant, $"row {wrong + 1} of the product is {expected.Rows[wrong]} for the CPU, {seen[wrong]} for the GPU"));
    }

    private static MatrixIndex ReadIndex(InputFile file)
    {
        using FileStream stream = file.Open();
        return MatrixIndex.Read(stream);
    }

    /// <summary>Numbers from 0 to 1.</summary>
    private static double[] RandomVector(RunSession session, int length)
    {
        var random = new SeededRandom(session.Options.Seed);
        double[] vector = new double[length];
        foreach (ref double element in vector.AsSpan())
        {
            element = random.Next(1UL << 53) / (double)(1UL << 53);
        }

        return vector;
    }
}
