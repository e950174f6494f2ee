namespace GpuSvm.Core.Tests;

public class SeededRandomTests
{
    /// <summary>Computed from the definition of xorshift64* by a program in another language.</summary>
    [Fact]
    public void The_sequence_of_a_seed_never_changes()
    {
        var one = new SeededRandom(1);
        Assert.Equal(0x47e4ce4b896cdd1dUL, one.Next());
        Assert.Equal(0xabcfa6a8e079651dUL, one.Next());
        Assert.Equal(0xb9d10d8feb731f57UL, one.Next());
        Assert.Equal(0x4db418a0bb1b019dUL, one.Next());

        var zero = new SeededRandom(0);
        Assert.Equal(0x38ea0cf8a66cdd1dUL, zero.Next());
        Assert.Equal(0x5148b5196da8131dUL, zero.Next());
    }

    [Fact]
    public void Bounded_numbers_lie_below_the_bound_and_reach_every_value()
    {
        var random = new SeededRandom(7);
        int[] seen = new int[10];
        for (int i = 0; i < 10_000; i++)
        {
            seen[random.Next(seen.Length)]++;
        }

        Assert.Equal(10_000, seen.Sum());
        Assert.All(seen, count => Assert.InRange(count, 850, 1150));
        Assert.Equal(0UL, random.Next(1UL));
    }

    [Fact]
    public void A_bound_is_at_least_one()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new SeededRandom(1).Next(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SeededRandom(1).Next(-1));
        Assert.Throws<ArgumentOutOfRangeException>(() => new SeededRandom(1).Next(0UL));
    }

    [Fact]
    public void A_shuffle_is_a_permutation_in_another_order()
    {
        int[] items = Enumerable.Range(0, 100).ToArray();
        new SeededRandom(3).Shuffle(items.AsSpan());

        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }

    [Fact]
    public void Every_order_of_three_comes_up_equally_often()
    {
        var random = new SeededRandom(5);
        var orders = new Dictionary<string, int>(StringComparer.Ordinal);
        for (int i = 0; i < 6_000; i++)
        {
            char[] items = ['a', 'b', 'c'];
            random.Shuffle(items.AsSpan());
            string order = new(items);
            orders[order] = orders.GetValueOrDefault(order) + 1;
        }

        Assert.Equal(6, orders.Count);
        Assert.All(orders.Values, count => Assert.InRange(count, 850, 1150));
    }

    [Fact]
    public void Forks_follow_from_seed_and_stream_and_differ()
    {
        ulong a = new SeededRandom(1).Fork(1).Next();
        ulong b = new SeededRandom(1).Fork(2).Next();

        Assert.Equal(a, new SeededRandom(1).Fork(1).Next());
        Assert.NotEqual(a, b);
    }
}
