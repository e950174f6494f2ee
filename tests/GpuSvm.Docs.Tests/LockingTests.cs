using GpuSvm.Core;
using GpuSvm.Docs.Tests.Infrastructure;

namespace GpuSvm.Docs.Tests;

/// <summary>docs/locking.md draws the lock order that the code checks.</summary>
public sealed class LockingTests
{
    [Fact]
    public void The_table_has_every_rank_with_its_number_in_rising_order()
    {
        IReadOnlyList<string[]> rows = MarkdownTable.Rows(
            Repository.Read("docs/locking.md"), "rank", "number", "what it protects", "who takes it");

        Assert.Equal(Enum.GetValues<LockRank>().Order().Select(rank => $"`{rank}` {(int)rank}"), rows.Select(row => $"{row[0]} {row[1]}"));
    }
}
