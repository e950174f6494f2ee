using FsCheck;
using FsCheck.Fluent;
using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests;

/// <summary>The order in which a batch is served is total, and the strongest access of a page comes first.</summary>
public sealed class FaultOrderTests
{
    private const ulong Stranger = 0x7777_7000;

    private static readonly Gen<(int Channel, ulong Address, FaultAccess Access)> Faults =
        from channel in Gen.Choose(0, 3)
        from high in Gen.Elements(0UL, 0x1000UL, 0x7fff_0000_0000UL, 0x1_0000_0000_0000UL, 1UL << 60)
        from low in Gen.Choose(0, 0x2fff)
        from access in Gen.Elements(FaultAccess.Read, FaultAccess.Write, FaultAccess.Atomic, FaultAccess.Prefetch)
        select (channel, high + (ulong)low, access);

    [Fact]
    public void Any_keys_are_sorted_as_by_a_slow_stable_sort()
    {
        var sorter = new FaultSorter(3000);
        Gen<ulong[]> keys = Gen.ArrayOf(Gen.OneOf(
            Gen.Choose(0, 9).Select(key => (ulong)key), Gen.Choose(0, int.MaxValue).Select(key => (ulong)key << 33), Gen.Constant(ulong.MaxValue)));
        Prop.ForAll(keys.Resize(3000).ToArbitrary(), given =>
        {
            ulong[] sorted = [.. given];
            int[] items = [.. Enumerable.Range(0, given.Length)];

            sorter.Sort(sorted, items);

            Assert.Equal(Enumerable.Range(0, given.Length).OrderBy(i => given[i]), items);
            Assert.Equal(items.Select(i => given[i]), sorted);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Any_keys_of_a_block_are_sorted_as_by_a_slow_stable_sort()
    {
        var sorter = new BlockSorter();
        Gen<ulong[]> keys = Gen.ArrayOf(Gen.OneOf(Gen.Choose(0, 2047), Gen.Choose(0, 40)).Select(static key => (5UL << 11) + (ulong)key));
        Prop.ForAll(keys.Resize(1500).ToArbitrary(), given =>
        {
            ulong[] sorted = [.. given];
            int[] items = [.. Enumerable.Range(0, given.Length)];

            sorter.Sort(sorted, items);

            Assert.Equal(Enumerable.Range(0, given.Length).OrderBy(i => given[i]), items);
            Assert.Equal(items.Select(i => given[i]), sorted);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16)]
    [InlineData(17)]
    [InlineData(32)]
    [InlineData(33)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(3000)]
    public void Falling_keys_of_any_number_are_turned_round(int count)
    {
        ulong[] keys = [.. Enumerable.Range(0, count).Select(i => (ulong)(count - i))];
        int[] items = [.. Enumerable.Range(0, count)];

        new FaultSorter(count).Sort(keys, items);

        Assert.Equal(Enumerable.Range(1, count).Select(i => (ulong)i), keys);
        Assert.Equal(Enumerable.Range(0, count).Reverse(), items);
    }

    [Fact]
    public void A_batch_is_ordered_by_client_page_strength_and_arrival_and_cut_into_blocks_of_2_MiB()
    {
        using var d = new DriverFixture();
        using var e = new DriverFixture();
        var channels = new ChannelTable();
        Channel[] known = [channels.TryAdd(d.Client, channels.NewInstance)!, channels.TryAdd(d.Client, channels.NewInstance)!, channels.TryAdd(e.Client, channels.NewInstance)!];
        var blockSorter = new BlockSorter();
        Prop.ForAll(Gen.ArrayOf(Faults).ToArbitrary(), faults =>
        {
            foreach (int parts in new[] { 1, 2, 5 })
            {
                FaultBatch batch = Prepared(faults, known, parts, channels);
                foreach (FaultBlock block in batch.Blocks)
                {
                    batch.Sort(block, blockSorter);
                }

                CheckOrder(faults, batch);
                CheckBlocks(batch);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    private static FaultBatch Prepared(
        (int Channel, ulong Address, FaultAccess Access)[] faults, Channel[] known, int parts, ChannelTable channels)
    {
        var batch = new FaultBatch(Math.Max(faults.Length, 1), parts);
        foreach ((int channel, ulong address, FaultAccess access) in faults)
        {
            InstancePointer instance = channel == 3 ? new InstancePointer(Stranger) : known[channel].Instance;
            batch.Add(new FaultEntry(instance, address, 0, 0, 0, false, access, 0, FaultType.Pte));
        }

        if (parts == 1)
        {
            batch.Prepare(channels);
            return batch;
        }

        // In any order: threads prepare them at the same time.
        for (int part = parts - 1; part >= 0; part--)
        {
            batch.PreparePart(part, channels);
        }

        batch.JoinParts();
        return batch;
    }

    [Fact]
    public void An_instance_is_looked_up_once_in_a_batch_however_its_faults_are_mixed_with_others()
    {
        using var d = new DriverFixture();
        var channels = new ChannelTable();
        Channel[] known = [channels.TryAdd(d.Client, channels.NewInstance)!, channels.TryAdd(d.Client, channels.NewInstance)!];
        var batch = new FaultBatch(8);
        for (int i = 0; i < 8; i++)
        {
            InstancePointer instance = i % 4 == 3 ? new InstancePointer(Stranger) : known[i % 2].Instance;
            batch.Add(new FaultEntry(instance, 0x1000, 0, 0, 0, false, FaultAccess.Read, 0, FaultType.Pte));
        }

        batch.Prepare(channels);

        Assert.Equal((3, 6, 2), (batch.LookUps, batch.SortedCount, batch.Refused.Length));
        Assert.Equal([3, 7], batch.Refused.ToArray());
    }

    private static void CheckOrder((int Channel, ulong Address, FaultAccess Access)[] faults, FaultBatch batch)
    {
        // Channels 0 and 1 are of one client; clients are in the order in which they came.
        static int ClientOf(int channel) => channel / 2;
        bool IsServed((int Channel, ulong Address, FaultAccess Access) fault) => fault.Channel != 3 && fault.Address < 1UL << 49;
        List<int> clients = [.. faults.Where(fault => fault.Channel != 3).Select(fault => ClientOf(fault.Channel)).Distinct()];
        IEnumerable<int> expected = Enumerable.Range(0, faults.Length)
            .Where(i => IsServed(faults[i]))
            .OrderBy(i => clients.IndexOf(ClientOf(faults[i].Channel)))
            .ThenBy(i => faults[i].Address >> 12)
            .ThenByDescending(i => FaultKey.StrengthOf(faults[i].Access));
        Assert.Equal(expected, Enumerable.Range(0, batch.SortedCount).Select(batch.NumberAt));
        Assert.Equal(Enumerable.Range(0, faults.Length).Where(i => !IsServed(faults[i])), batch.Refused.ToArray());
        for (int place = 0; place < batch.SortedCount; place++)
        {
            (_, ulong address, FaultAccess access) = faults[batch.NumberAt(place)];
            Assert.Equal((Page.AlignDown(address), access), (batch.KeyAt(place).Address.Value, batch.KeyAt(place).Access));
        }
    }

    private static void CheckBlocks(FaultBatch batch)
    {
        int next = 0;
        var seen = new HashSet<(SvmClient, ulong)>();
        foreach (FaultBlock block in batch.Blocks)
        {
            Assert.Equal(next, block.First);
            Assert.True(seen.Add((batch.ClientAt(block.First), batch.KeyAt(block.First).Address.Value >> 21)));
            for (next = block.First; next < block.End; next++)
            {
                Assert.Same(batch.ClientAt(block.First), batch.ClientAt(next));
                Assert.Equal(batch.KeyAt(block.First).Address.Value >> 21, batch.KeyAt(next).Address.Value >> 21);
            }
        }

        Assert.Equal(batch.SortedCount, next);
    }
}
