namespace GpuSvm.Live.Tests.Engine;

/// <summary>The engine's lines on an output that may be a pipe which nobody reads.</summary>
public sealed class EngineLogTests
{
    private const int Longest = 256;

    [Fact]
    public void An_output_that_nobody_reads_holds_up_nobody_and_costs_the_lines_beyond_a_bound()
    {
        using var pipe = new FullPipe();
        var log = new EngineLog(pipe);
        log.Write("first");
        Assert.True(pipe.Entered.Wait(TimeSpan.FromSeconds(30)));
        for (int i = 1; i <= Longest + 44; i++)
        {
            log.Write($"{i}");
        }

        log.Flush();
        Assert.Empty(pipe.Lines);

        pipe.Empty.Set();
        log.Flush();
        Assert.Equal(["gpusvm: first", .. Enumerable.Range(1, Longest).Select(i => $"gpusvm: {i}")], pipe.Lines);
    }

    /// <summary>Full until it is emptied.</summary>
    private sealed class FullPipe : StringWriter
    {
        public ManualResetEventSlim Entered { get; } = new();

        public ManualResetEventSlim Empty { get; } = new();

        public List<string?> Lines { get; } = [];

        public override void WriteLine(string? value)
        {
            Entered.Set();
            Empty.Wait(TimeSpan.FromSeconds(60));
            Lines.Add(value);
        }
    }
}
