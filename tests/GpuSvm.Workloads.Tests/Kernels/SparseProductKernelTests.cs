using System.Globalization;
using System.Text;

namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class SparseProductKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, "general")]
    [InlineData(ExecutionMode.Parallel, "general")]
    [InlineData(ExecutionMode.Sequential, "symmetric")]
    [InlineData(ExecutionMode.Parallel, "symmetric")]
    public async Task Random_matrices_have_the_product_that_the_cpu_finds(ExecutionMode execution, string symmetry)
    {
        const ulong Seed = 13;
        var random = new SeededRandom(Seed);
        for (int round = 0; round < 4; round++)
        {
            int rows = 1 + random.Next(1000);
            int columns = symmetry == "general" ? 1 + random.Next(1000) : rows;
            string file = RandomMatrix(random, symmetry, rows, columns);
            double[] vector = [.. Enumerable.Range(0, columns).Select(_ => (random.Next(1 << 20) / 1024.0) - 512)];

            (PlainSparseProduct expected, double[] seen) = await MultiplyAsync(file, vector, execution);

            Assert.True(Enumerable.Range(0, rows).All(row => expected.IsRight(row, seen[row])), $"seed {Seed}, round {round}");
        }
    }

    [Fact]
    public void The_plain_product_is_right_but_for_rounding()
    {
        const string File = "%%MatrixMarket matrix coordinate real general\n3 2 4\n1 1 2\n1 2 3\n3 2 0.1\n1 1 1\n";

        PlainSparseProduct product = PlainSparseProduct.Compute(Stream(File), [10, 100]);

        Assert.Equal([330, 0, 10], product.Rows.ToArray());
        Assert.True(product.IsRight(2, Math.BitIncrement(10.0)));
        Assert.True(product.IsRight(1, 0));
        Assert.False(product.IsRight(2, 10.000_000_000_1));
        Assert.False(product.IsRight(1, 1e-300));
        Assert.False(product.IsRight(0, double.NaN));
        Assert.False(product.IsRight(0, double.PositiveInfinity));
    }

    private static string RandomMatrix(SeededRandom random, string symmetry, int rows, int columns)
    {
        int entries = random.Next(4 * rows);
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"%%MatrixMarket matrix coordinate real {symmetry}\n{rows} {columns} {entries}\n");
        for (int entry = 0; entry < entries; entry++)
        {
            int row = 1 + random.Next(rows);
            int column = 1 + random.Next(symmetry == "general" ? columns : row);
            text.Append(CultureInfo.InvariantCulture, $"{row} {column} {(random.Next(20_001) - 10_000) / 777.0}\n");
        }

        return text.ToString();
    }

    private static async Task<(PlainSparseProduct Expected, double[] Seen)> MultiplyAsync(
        string file, double[] vector, ExecutionMode execution)
    {
        MatrixIndex index = MatrixIndex.Read(Stream(file));
        int[] columns = new int[index.EntryCount];
        double[] values = new double[index.EntryCount];
        foreach ((long slot, MatrixEntry entry) in index.Entries(Stream(file)))
        {
            (columns[slot], values[slot]) = (entry.Column, entry.Value);
        }

        int rows = index.Header.Rows;
        using TestMachine machine = TestMachine.Create(execution, seed: 9);
        var args = new SparseProductArgs(
            machine.Place(index.Offsets),
            machine.Place<int>(columns),
            machine.Place<double>(values),
            machine.Place<double>(vector),
            machine.Map(8L * rows),
            rows);
        await machine.RunAsync(SparseProduct.Kernel, grid: 4, block: 32, args);
        double[] seen = [.. Enumerable.Range(0, rows).Select(row => machine.Cpu.Load<double>(args.Product + (8 * (ulong)row)))];
        return (PlainSparseProduct.Compute(Stream(file), vector), seen);
    }

    private static MemoryStream Stream(string text) => new(Encoding.ASCII.GetBytes(text));
}
