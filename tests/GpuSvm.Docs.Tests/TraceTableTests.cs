using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>The checker of the seed map and of the departures catches what it is there for.</summary>
public sealed class TraceTableTests
{
    [Theory]
    [InlineData("| `A.B` | `T.M` | done", null)]
    [InlineData("| | | part 2", null)]
    [InlineData("| | | not needed: because the user owns it", null)]
    [InlineData("| `A.C` | `T.M` | done", "000 f: no member A.C")]
    [InlineData("| `A.B` | `T.N` | done", "000 f: no test T.N")]
    [InlineData("| `A.B` | | done", "000 f: done, but no test is named")]
    [InlineData("| | | part 1", "000 f: waits for part 1, which is finished")]
    [InlineData("| | | part 9", "000 f: there is no part 9")]
    [InlineData("| | | part two", "000 f: 'part two' is no state")]
    [InlineData("| | | soon", "000 f: 'soon' is no state")]
    [InlineData("| | | not needed", "000 f: 'not needed' is no state")]
    [InlineData("| | | not needed: because", "000 f: 'not needed: because' is no state")]
    public void A_row_is_judged_by_its_names_and_its_state(string cells, string? problem)
    {
        string text = $"Finished: part 1\n\n| seed | what | our member | its test | state |\n|---|---|---|---|---|\n| 000 | f {cells} |\n";
        TraceTable table = TraceTable.Read(text, "seed", "what", "our member", "its test", "state");

        Assert.Single(table.Rows);
        Assert.Equal(problem is null ? [] : [problem], table.Problems(name => name == "A.B", name => name == "T.M"));
    }

    [Fact]
    public void Tests_are_found_by_their_attribute_and_class()
    {
        const string Source = """
            public sealed class SomeTests
            {
                [Fact]
                public void One() { }

                [Theory]
                [InlineData(1)]
                public async Task Two(int value) { }

                public void Helper() { }
            }
            """;

        Assert.Equal(["SomeTests.One", "SomeTests.Two"], TestIndex.Tests(Source));
    }

    [Theory]
    [InlineData("GpuSvm.ByteSize", true)]
    [InlineData("GpuSvm.ByteSize.TryParse", true)]
    [InlineData("GpuSvm.Core.LockRank.Update", true)]
    [InlineData("GpuSvm.ByteSize.TryParze", false)]
    [InlineData("GpuSvm.ByteSizes", false)]
    [InlineData("ByteSize", false)]
    public void Members_are_found_by_their_full_name(string name, bool known) => Assert.Equal(known, ApiIndex.OfSource.Knows(name));
}
