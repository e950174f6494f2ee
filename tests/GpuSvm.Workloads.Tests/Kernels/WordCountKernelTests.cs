using System.Text;

namespace GpuSvm.Workloads.Tests.Kernels;

public sealed class WordCountKernelTests
{
    [Theory]
    [InlineData(ExecutionMode.Sequential, 1, 1)]
    [InlineData(ExecutionMode.Sequential, 3, 32)]
    [InlineData(ExecutionMode.Parallel, 4, 32)]
    public async Task Random_texts_are_counted_as_the_cpu_counts_them(ExecutionMode execution, int grid, int block)
    {
        const ulong Seed = 11;
        var random = new SeededRandom(Seed);
        for (int round = 0; round < 8; round++)
        {
            byte[] text = RandomText.WithBrokenSequences(random, 1 + random.Next(40_000));

            Assert.True(
                PlainWordCount.Count(new MemoryStream(text)) == await CountAsync(text, execution, grid, block),
                $"seed {Seed}, round {round}");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(3 * 4096)]
    public async Task One_word_over_all_chunks_is_one_word(int length)
    {
        byte[] text = Encoding.ASCII.GetBytes(new string('w', length));

        Assert.Equal(new TextTotals(0, 1), await CountAsync(text, ExecutionMode.Sequential, grid: 2, block: 2));
    }

    [Fact]
    public async Task A_word_goes_on_behind_a_whole_chunk_of_neutral_bytes()
    {
        byte[] text = new byte[(3 * 4096) + 1];
        text[0] = (byte)'a';
        text[^1] = (byte)'b';

        Assert.Equal(new TextTotals(0, 1), await CountAsync(text, ExecutionMode.Sequential, grid: 1, block: 4));
    }

    [Fact]
    public async Task A_character_on_the_border_of_two_chunks_is_whole()
    {
        byte[] text = [.. Encoding.ASCII.GetBytes(new string('w', 4095)), .. "\u3000"u8, .. "w"u8];

        Assert.Equal(new TextTotals(0, 2), await CountAsync(text, ExecutionMode.Sequential, grid: 1, block: 2));
    }

    [Fact]
    public async Task Bytes_behind_the_text_do_not_count()
    {
        using TestMachine machine = TestMachine.Create(ExecutionMode.Sequential, seed: 1);
        ulong text = machine.Place<byte>([.. "ab "u8, 0xe2, 0x80, 0x94, .. " c"u8]);
        ulong totals = machine.Map((long)WordCount.TotalsBytes);

        await machine.RunAsync(WordCount.Kernel, 1, 1, new WordCountArgs(text, 4, totals, machine.Map(8)));

        Assert.Equal(1, machine.Cpu.Load<long>(totals + WordCount.WordsOffset));
    }

    private static async Task<TextTotals> CountAsync(byte[] text, ExecutionMode execution, int grid, int block)
    {
        using TestMachine machine = TestMachine.Create(execution, seed: 5);
        ulong totals = machine.Map((long)WordCount.TotalsBytes);
        ulong chunks = machine.Map(8 * WordCount.ChunkCount(text.Length));
        var args = new WordCountArgs(machine.Place<byte>(text), text.Length, totals, chunks);
        await machine.RunAsync(WordCount.Kernel, grid, block, args);
        Assert.True(machine.Counters.PagesMapped >= (long)Page.Count((ulong)text.Length));
        return new TextTotals(
            machine.Cpu.Load<long>(totals + WordCount.LinesOffset), machine.Cpu.Load<long>(totals + WordCount.WordsOffset));
    }
}
