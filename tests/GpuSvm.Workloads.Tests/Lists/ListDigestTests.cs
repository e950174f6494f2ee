namespace GpuSvm.Workloads.Tests.Lists;

public sealed class ListDigestTests
{
    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 3)]
    [InlineData(1, 0)]
    [InlineData(5, 1)]
    [InlineData(7, 300)]
    public void Two_lists_joined_have_the_digest_of_one_list(int first, int second)
    {
        var random = new SeededRandom(7);
        ulong[] values = [.. Enumerable.Range(0, first + second).Select(_ => random.Next())];

        ListDigest joined = Of(values.Take(first)).Then(Of(values.Skip(first)));

        Assert.Equal(Of(values), joined);
        Assert.Equal(first + second, joined.Nodes);
    }

    [Fact]
    public void The_order_matters_and_the_sum_does_not_know_it()
    {
        ListDigest forth = Of([1, 2, 3]);
        ListDigest back = Of([3, 2, 1]);

        Assert.Equal(6UL, forth.Sum);
        Assert.Equal(forth.Sum, back.Sum);
        Assert.NotEqual(forth, back);
    }

    private static ListDigest Of(IEnumerable<ulong> values) => values.Aggregate(default(ListDigest), (digest, value) => digest.Add(value));
}
