namespace GpuSvm.Mm.Tests;

/// <summary>Random calls on an address space and on a dictionary of pages; after each step everything is compared.</summary>
public sealed class AddressSpaceModelTests
{
    private const ulong First = 0x1ff000;
    private const int FewPages = 24;
    private const int ManyPages = 2 + (2 * HugePage.PageCount);
    private const ulong Size = TestMachine.PageSize;

    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    public void An_address_space_does_what_a_dictionary_of_pages_does(ulong seed) => Run(seed, steps: 800, failEvery: 0);

    [Theory]
    [InlineData(4UL)]
    [InlineData(5UL)]
    public void It_does_so_when_allocations_fail_now_and_then(ulong seed) => Run(seed, steps: 800, failEvery: 4);

    [Theory]
    [InlineData(6UL, 0)]
    [InlineData(7UL, 0)]
    [InlineData(8UL, 3)]
    public void It_does_so_with_huge_pages_wherever_they_fit(ulong seed, int failEvery) =>
        Run(seed, steps: 250, failEvery, ManyPages, HugePagePolicy.Always);

    private static void Run(
        ulong seed, int steps, int failEvery, int pages = FewPages, HugePagePolicy policy = HugePagePolicy.Never)
    {
        var random = new SeededRandom(seed);
        var gates = new SeededRandom(seed + 100);
        bool failed = false;
        bool Gate()
        {
            failed = failEvery > 0 && gates.Next(failEvery) == 0;
            return !failed;
        }

        using var m = new TestMachine(gate: Gate, threads: 3, options: new AddressSpaceOptions { HugePages = policy });
        Dictionary<ulong, Model> model = [];
        TestDevice? device = policy == HugePagePolicy.Always && failEvery == 0 ? new TestDevice(m.Frames, pages: 1024) : null;
        long hugeEntries = 0;
        long hugeMoves = 0;
        try
        {
            for (int step = 0; step < steps; step++)
            {
                failed = false;
                Step(m, device, model, pages, random, ref failed);
                hugeEntries += Compare(m, device, model, pages);
                hugeMoves += m.Mm.PageTable.Read(First + Size) is { IsHuge: true, IsDevicePrivate: true } ? 1 : 0;
                hugeMoves += m.Mm.PageTable.Read(First + Size + HugePage.Size) is { IsHuge: true, IsDevicePrivate: true } ? 1 : 0;
            }

            Assert.Equal((policy == HugePagePolicy.Always, device is not null), (hugeEntries > 0, hugeMoves > 0));
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}", e);
        }
    }

    private static void Step(TestMachine m, TestDevice? device, Dictionary<ulong, Model> model, int all, SeededRandom random, ref bool failed)
    {
        int first = random.Next(all);
        int most = all == FewPages || random.Next(2) == 0 ? 6 : all;
        first = most == all ? first % 4 * (all / 4) : first;
        ulong start = First + ((ulong)first * Size);
        ulong count = most == all && random.Next(2) == 0 ? (ulong)(all - first) : 1 + (ulong)random.Next(Math.Min(most, all - first));
        Protection protection = random.Next(4) switch
        {
            0 => Protection.None,
            1 => Protection.Read,
            _ => Protection.ReadWrite,
        };
        ulong[] pages = [.. Enumerable.Range(0, (int)count).Select(i => start + ((ulong)i * Size))];
        CpuThread cpu = m.Cpu.Thread(random.Next(3));

        // Where a block can be huge it must be empty before.
        switch (most == all && random.Next(3) == 0 ? 0 : random.Next(device is null ? 9 : 12))
        {
            case 0:
                Assert.Equal(Errno.None, m.MapAt(start, count, protection));
                Array.ForEach(pages, page => model[page] = new Model(protection, 0));
                break;
            case 1:
                bool free = !pages.Any(model.ContainsKey);
                Assert.Equal(free ? Errno.None : Errno.EEXIST, m.MapAt(start, count, protection, MapPlacement.FixedNoReplace));
                if (free)
                {
                    Array.ForEach(pages, page => model[page] = new Model(protection, 0));
                }

                break;
            case 2:
                Assert.Equal(Errno.None, m.Unmap(start, count));
                Array.ForEach(pages, page => model.Remove(page));
                break;
            case 3:
                bool whole = pages.All(model.ContainsKey);
                Assert.Equal(whole ? Errno.None : Errno.ENOMEM, m.Protect(start, count, protection));
                if (whole)
                {
                    Array.ForEach(pages, page => model[page] = model[page] with { Protection = protection });
                }

                break;
            case 4 or >= 9:
                // Whatever moves and whatever does not, the program sees nothing of it.
                Move(m, device, start, count, random);
                break;
            case 5 or 6:
                Load(cpu, model, start);
                break;
            default:
                Store(cpu, model, start, random.Next() | 1, ref failed);
                break;
        }
    }

    private static void Move(TestMachine m, TestDevice? device, ulong start, ulong count, SeededRandom random)
    {
        if (device is null || random.Next(3) == 0)
        {
            m.Migrate(start, count);
            return;
        }

        device.GivesHuge = random.Next(4) != 0;
        device.BringsHugeHome = random.Next(2) == 0;
        ulong end = Math.Min(start + (count * Size), HugePage.AlignDown(start) + HugePage.Size);
        if (random.Next(2) == 0)
        {
            // One whole block, if it is in one mapping.
            start = HugePage.AlignDown(start) + HugePage.Size;
            end = start + HugePage.Size;
        }

        ulong pages = (end - start) / Size;
        _ = random.Next(3) == 0
            ? device.MoveOut(m.Mm, start, pages, MigrateSelect.Compound)
            : device.MoveIn(m.Mm, start, pages, MigrateSelect.System | MigrateSelect.Compound);
    }

    private static void Load(CpuThread cpu, Dictionary<ulong, Model> model, ulong page)
    {
        if (model.TryGetValue(page, out Model there) && there.Protection != Protection.None)
        {
            Assert.Equal(there.Value, cpu.Load<ulong>(page + 8));
        }
        else
        {
            Assert.Throws<SegmentationFaultException>(() => cpu.Load<ulong>(page + 8));
        }
    }

    private static void Store(CpuThread cpu, Dictionary<ulong, Model> model, ulong page, ulong value, ref bool failed)
    {
        Errno error = Errno.None;
        try
        {
            cpu.Store(page + 8, value);
        }
        catch (SvmException e)
        {
            error = e.Error;
        }

        if (!model.TryGetValue(page, out Model there) || there.Protection != Protection.ReadWrite)
        {
            Assert.Equal(Errno.EFAULT, error);
            return;
        }

        Assert.Equal(failed ? Errno.ENOMEM : Errno.None, error);
        if (!failed)
        {
            model[page] = there with { Value = value };
        }
    }

    /// <summary>Compares everything.</summary>
    /// <returns>Number of pages that the CPU maps as parts of huge ones.</returns>
    private static int Compare(TestMachine m, TestDevice? device, Dictionary<ulong, Model> model, int all)
    {
        IReadOnlyList<Vma> vmas = m.Mm.Vmas();
        Assert.Equal(vmas.Count, m.Mm.VmaCount);
        Dictionary<ulong, Protection> mapped = [];
        for (int i = 0; i < vmas.Count; i++)
        {
            bool mergeable = i > 0 && vmas[i - 1].Range.End == vmas[i].Range.Start && vmas[i - 1].Protection == vmas[i].Protection;
            Assert.False(mergeable, "neighbours that are alike are one");
            for (ulong page = vmas[i].Range.Start; page < vmas[i].Range.End.Value; page += Size)
            {
                mapped.Add(page, vmas[i].Protection);
            }
        }

        Assert.Equal(
            model.OrderBy(p => p.Key).Select(p => (p.Key, p.Value.Protection)),
            mapped.OrderBy(p => p.Key).Select(p => (p.Key, p.Value)));
        int own = 0;
        int huge = 0;
        int away = 0;
        for (ulong page = First; page < First + ((ulong)all * Size); page += Size)
        {
            CpuPte pte = m.Mm.PageTable.Read(page);
            Model there = model.GetValueOrDefault(page);
            Assert.True(pte.IsNone || model.ContainsKey(page), "only mapped pages have entries");
            Assert.True((pte.KeptRights & ~there.Protection) == 0, "an entry never grants more than its mapping");
            ReadOnlySpan<byte> bytes = pte.HasFrame ? m.Memory.Frame(pte.Frame) : pte.IsDevicePrivate ? device!.Bytes(pte.Frame) : new byte[Size];
            Assert.Equal(there.Value, BitConverter.ToUInt64(bytes[8..]));
            if (pte.IsDevicePrivate)
            {
                away++;
                Assert.Equal((1, 1, false), (m.Frames.ReferenceCount(pte.Frame), m.Frames.MapCount(pte.Frame), m.Frames.IsLocked(pte.Frame)));
            }
            else if (pte.HasFrame && pte.Frame != m.Frames.ZeroFrame)
            {
                own++;
                huge += pte.IsHuge ? 1 : 0;
                Assert.Equal((1, 1), (m.Frames.ReferenceCount(pte.Frame), m.Frames.MapCount(pte.Frame)));
            }
        }

        Assert.Equal((own, away), (m.Frames.AllocatedFrames, device?.Pagemap.UsedFrames ?? 0));
        return huge;
    }

    private readonly record struct Model(Protection Protection, ulong Value);
}
