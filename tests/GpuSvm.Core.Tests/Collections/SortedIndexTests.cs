using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Core.Tests.Collections;

/// <summary>Random operations on the index and on a sorted dictionary; every answer is compared.</summary>
public class SortedIndexTests
{
    [Fact]
    public void Agrees_with_a_sorted_dictionary_where_most_keys_are_taken() => Compare(steps: 600, space: 100, tests: 60);

    [Fact]
    public void Agrees_with_a_sorted_dictionary_over_many_blocks() => Compare(steps: 6000, space: 1UL << 40, tests: 10);

    [Fact]
    public void A_key_that_is_there_is_refused()
    {
        var index = new SortedIndex<Key, string>();
        index.Insert(new Key(7), "seven");
        Assert.Contains("7", Assert.Throws<ArgumentException>(() => index.Insert(new Key(7), "other")).Message, StringComparison.Ordinal);
        Assert.Equal(1, index.Count);
    }

    [Fact]
    public void Two_keys_of_which_one_is_there_are_refused()
    {
        var index = new SortedIndex<Key, string>();
        index.Insert(new Key(1), "one");
        index.Insert(new Key(7), "seven");
        Assert.Throws<ArgumentException>(() => index.Insert(new Key(5), "five", new Key(7), "other"));
        Assert.Throws<ArgumentException>(() => index.Insert(new Key(7), "other", new Key(9), "nine"));
        Assert.Equal("seven", index.Floor(new Key(7)));
    }

    [Fact]
    public void A_key_may_move_to_where_one_was_taken_out()
    {
        SortedIndex<Key, string> index = EveryTenth();
        for (ulong key = 0; key < 990; key += 10)
        {
            index.Remove(new Key(key + 10));
            index.Rekey(new Key(key), new Key(key + 15));
            Assert.Equal($"{key}", index.Floor(new Key(key + 19)));
            index.Rekey(new Key(key + 15), new Key(key));
            index.Insert(new Key(key + 10), $"{key + 10}");
        }
    }

    [Fact]
    public void A_key_stays_between_its_neighbours()
    {
        SortedIndex<Key, string> index = EveryTenth();
        for (ulong key = 10; key < 980; key += 10)
        {
            Assert.Throws<ArgumentException>(() => index.Rekey(new Key(key), new Key(key + 10)));
            Assert.Throws<ArgumentException>(() => index.Rekey(new Key(key), new Key(key - 10)));
            Assert.Throws<ArgumentException>(() => index.Rekey(new Key(key + 1), new Key(key + 2)));
            index.Rekey(new Key(key), new Key(key + 9));
            Assert.Equal($"{key - 10}", index.Floor(new Key(key + 8)));
            Assert.Equal($"{key}", index.Floor(new Key(key + 9)));
            index.Rekey(new Key(key + 9), new Key(key));
            Assert.Equal($"{key}", index.Floor(new Key(key)));
        }
    }

    [Fact]
    public void Filled_in_order_and_emptied_from_either_end_it_can_be_used_again()
    {
        var index = new SortedIndex<Key, string>();
        for (int round = 0; round < 2; round++)
        {
            for (ulong key = 0; key < 1000; key++)
            {
                index.Insert(new Key(key), $"{key}");
            }

            for (ulong key = 0; key < 500; key++)
            {
                Assert.Equal($"{key}", index.Remove(new Key(key)));
                Assert.Equal($"{999 - key}", index.Remove(new Key(999 - key)));
                Assert.Equal(key == 499 ? null : $"{key + 1}", index.Ceiling(default) is { IsEnd: false } first ? index.At(first) : null);
            }

            Assert.Equal(0, index.Count);
            Assert.Null(index.Floor(new Key(ulong.MaxValue)));
        }
    }

    private static SortedIndex<Key, string> EveryTenth()
    {
        var index = new SortedIndex<Key, string>();
        for (ulong key = 0; key < 1000; key += 10)
        {
            index.Insert(new Key(key), $"{key}");
        }

        return index;
    }

    /// <summary>FsCheck draws the seed and prints it when the property fails.</summary>
    private static void Compare(int steps, ulong space, int tests) =>
        Check.One(
            Config.QuickThrowOnFailure.WithMaxTest(tests).WithName("index equals dictionary"),
            Prop.ForAll<ulong>(ArbMap.Default.ArbFor<ulong>(), seed => Run(new SeededRandom(seed), steps, space)));

    private static void Run(SeededRandom random, int steps, ulong space)
    {
        var index = new SortedIndex<Key, string>();
        var model = new SortedDictionary<ulong, string>();
        for (int step = 0; step < steps; step++)
        {
            ulong key = random.Next(space);

            // Grow in the first half, shrink in the second; a removal takes what lies next, so that it finds something.
            if (random.Next(10) < (step < steps / 2 ? 7 : 2))
            {
                if (model.TryAdd(key, $"{step}"))
                {
                    index.Insert(new Key(key), $"{step}");
                }
            }
            else
            {
                SortedPosition at = index.Ceiling(new Key(key));
                KeyValuePair<ulong, string>? victim = Ceiling(model, key);
                Assert.Equal(victim is null, at.IsEnd);
                if (victim is { } found)
                {
                    Assert.Equal(found.Value, step % 2 == 0 ? index.RemoveAt(at) : index.Remove(new Key(found.Key)));
                    model.Remove(found.Key);
                }
            }

            Query(index, model, random.Next(space));
            ChangeTwo(index, model, key, step);
        }

        var values = new List<string>();
        for (SortedPosition at = index.Ceiling(default); !at.IsEnd; at = index.Next(at))
        {
            values.Add(index.At(at));
        }

        Assert.Equal(model.Values, values);
    }

    /// <summary>Adds two neighbours, moves one, takes both out; by the way sometimes one that is not beside the other.</summary>
    private static void ChangeTwo(SortedIndex<Key, string> index, SortedDictionary<ulong, string> model, ulong key, int step)
    {
        (ulong first, ulong second, ulong moved) = (key, key + 3, key + 2);
        if (model.ContainsKey(first) || model.ContainsKey(second) || model.ContainsKey(moved))
        {
            return;
        }

        index.Insert(new Key(first), "first", new Key(second), "second");
        Assert.Equal(model.Count + 2, index.Count);
        if (!model.ContainsKey(key + 1))
        {
            Assert.Equal("first", index.Floor(new Key(moved)));
        }

        index.Rekey(new Key(second), new Key(moved));
        Assert.Equal("second", index.Floor(new Key(second)));
        if (step % 4 == 0)
        {
            model.Add(first, "first");
            model.Add(moved, "second");
        }
        else
        {
            index.Remove(new Key(first), new Key(moved));
            Assert.Equal(model.Count, index.Count);
        }
    }

    private static void Query(SortedIndex<Key, string> index, SortedDictionary<ulong, string> model, ulong key)
    {
        Assert.Equal(model.Count, index.Count);
        if (model.Count < 200)
        {
            Assert.Equal(model.LastOrDefault(pair => pair.Key <= key).Value, index.Floor(new Key(key)));
            SortedPosition at = index.Ceiling(new Key(key));
            Assert.Equal(Ceiling(model, key)?.Value, at.IsEnd ? null : index.At(at));
        }
    }

    private static KeyValuePair<ulong, string>? Ceiling(SortedDictionary<ulong, string> model, ulong key)
    {
        foreach (KeyValuePair<ulong, string> pair in model)
        {
            if (pair.Key >= key)
            {
                return pair;
            }
        }

        return null;
    }

    private readonly record struct Key(ulong Value) : ISortKey<Key>
    {
        public static bool IsLess(in Key left, in Key right) => left.Value < right.Value;
    }
}
