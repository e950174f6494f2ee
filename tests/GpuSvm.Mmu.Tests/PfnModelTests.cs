using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests;

/// <summary>Long random sequences against a dictionary from page to entry.</summary>
public class PfnModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1UL)]
    [InlineData(2UL)]
    [InlineData(3UL)]
    [InlineData(4UL)]
    [InlineData(5UL)]
    [InlineData(6UL)]
    public void The_space_agrees_with_a_dictionary_after_every_step(ulong seed)
    {
        output.WriteLine($"seed {seed}");
        new Run(seed).Steps(2500);
    }

    private sealed class Run(ulong seed)
    {
        // Runs near each boundary of the format, so that sequences meet in all tables and at both ends of the space.
        private static readonly ulong[] Boundaries = [0, 1UL << 21, 1UL << 29, 1UL << 38, 1UL << 47, 3UL << 47, (1UL << 49) - (1UL << 21)];

        private readonly SeededRandom _random = new(seed);
        private readonly Dictionary<ulong, PfnEntry> _model = [];
        private int _failures;

        public void Steps(int count)
        {
            using var f = new AddressSpaceFixture();
            for (int step = 0; step < count; step++)
            {
                string did = $"seed {seed} step {step}";
                switch (_random.Next(8))
                {
                    case < 5:
                        Map(f, did);
                        break;
                    case < 7:
                        Unmap(f, did);
                        break;
                    default:
                        UnmapMuch(f, did);
                        break;
                }

                Assert.True(f.Space.MappedPages == _model.Count, did);
                Assert.True(f.Space.PageTableBytes == f.Memory.LiveBytes, did);
                if (step % 64 == 0)
                {
                    Assert.True(f.Dma.MappedPages == _model.Values.Count(static pfn => !pfn.IsVideoMemory && !pfn.IsOnBus), did);
                    Assert.True(f.Space.PageTableBytes == ExpectedBytes(), did);
                }
            }

            Assert.InRange(_failures, count / 40, count);
            foreach (ulong page in _model.Keys)
            {
                Check(f, page, "at the end");
            }

            f.UnmapOk(0, 1UL << 49);
            Assert.Equal(AddressSpaceFixture.RootBytes, f.Space.PageTableBytes);
        }

        private void Map(AddressSpaceFixture f, string did)
        {
            var pfns = new PfnEntry[_random.Next(20) == 0 ? _random.Next(700) + 1 : _random.Next(6) + 1];
            for (int i = 0; i < pfns.Length; i++)
            {
                pfns[i] = RandomEntry();
            }

            ulong start = RandomPage((ulong)pfns.Length);
            var request = (PfnEntry[])pfns.Clone();
            f.Memory.Failures.Allowed = _random.Next(5) == 0 ? _random.Next(6) : -1;
            f.Dma.Failures.Allowed = _random.Next(5) == 0 ? _random.Next(8) : -1;
            Errno error = f.Map(start, pfns);
            f.Memory.Failures.Allowed = -1;
            f.Dma.Failures.Allowed = -1;
            if (error == Errno.None)
            {
                Assert.True(pfns.AsSpan().SequenceEqual(request), did);
            }
            else
            {
                _failures++;
                Assert.True(error == Errno.ENOMEM, did);
            }

            // A page without V is unmapped; one that lost its V could not be had, and is as it was.
            for (int i = 0; i < pfns.Length; i++)
            {
                ulong page = start + ((ulong)i << 12);
                if (pfns[i].IsValid)
                {
                    Assert.True(pfns[i] == request[i], did);
                    _model[page] = pfns[i];
                }
                else if (!request[i].IsValid)
                {
                    _model.Remove(page);
                }
            }

            CheckRun(f, start, pfns.Length, did);
        }

        private void Unmap(AddressSpaceFixture f, string did)
        {
            ulong pages = (ulong)_random.Next(40) + 1;
            ulong start = RandomPage(pages);
            ulong end = start + (pages << 12);
            f.UnmapOk(start + (ulong)_random.Next(2048), end - (ulong)_random.Next(2047));
            Forget(start, end);
            CheckRun(f, start, (int)pages, did);
        }

        private void UnmapMuch(AddressSpaceFixture f, string did)
        {
            ulong a = RandomPage(1);
            ulong b = RandomPage(1);
            f.UnmapOk(Math.Min(a, b), Math.Max(a, b));
            Forget(Math.Min(a, b), Math.Max(a, b));
            Check(f, a, did);
            Check(f, b, did);
        }

        private void Forget(ulong start, ulong end)
        {
            foreach (ulong page in _model.Keys)
            {
                if (page >= start && page < end)
                {
                    _model.Remove(page);
                }
            }
        }

        /// <summary>The translations of a run and of its neighbours.</summary>
        private void CheckRun(AddressSpaceFixture f, ulong start, int pages, string did)
        {
            for (int i = -1; i <= pages; i++)
            {
                ulong page = unchecked(start + ((ulong)i << 12));
                if (page < 1UL << 49)
                {
                    Check(f, page, did);
                }
            }
        }

        private void Check(AddressSpaceFixture f, ulong page, string did)
        {
            DecodedEntry entry = f.Walk(page);
            if (!_model.TryGetValue(page, out PfnEntry pfn))
            {
                Assert.True(entry.Kind == PageTableEntryKind.Invalid, did);
                return;
            }

            Assert.True(entry.Kind == PageTableEntryKind.Page, did);
            bool writes = (pfn.Rights & TranslationRights.Write) != 0;
            Assert.True(entry.Rights == (writes ? pfn.Rights : TranslationRights.Read), did);
            if (pfn.IsVideoMemory)
            {
                Assert.True(entry.Address == pfn.Address && entry.Aperture == Aperture.VideoMemory, did);
            }
            else if (pfn.IsOnBus)
            {
                Assert.True(entry.Address == pfn.Address && entry.Aperture == Aperture.SystemCoherent, did);
            }
            else
            {
                bool changes = pfn.Rights != TranslationRights.Read;
                Assert.True(
                    f.Dma.Resolve(entry.Address) == (new PhysicalAddress(pfn.Address).Frame,
                        changes ? DmaDirection.Bidirectional : DmaDirection.ToDevice),
                    did);
            }
        }

        /// <summary>Size of the tables that the mapped pages need, counted from their addresses alone.</summary>
        private long ExpectedBytes() =>
            AddressSpaceFixture.RootBytes +
            (4096L * ((int[])[21, 29, 38, 47]).Sum(shift => _model.Keys.Select(page => page >> shift).Distinct().Count()));

        private PfnEntry RandomEntry()
        {
            var rights = (TranslationRights)_random.Next(8) | TranslationRights.Read;
            return _random.Next(5) switch
            {
                0 => PfnEntry.None,
                1 => AddressSpaceFixture.Video((ulong)_random.Next(16) << 12, rights),
                2 => PfnEntry.Bus(new DeviceAddress((ulong)_random.Next(16) << 12), rights),
                _ => AddressSpaceFixture.Host(_random.Next(1UL << 30), rights),
            };
        }

        private ulong RandomPage(ulong pages)
        {
            ulong page = unchecked(Boundaries[_random.Next(Boundaries.Length)] + ((ulong)(_random.Next(40) - 20) << 12));
            return Math.Min(page & ((1UL << 49) - 1), (1UL << 49) - (pages << 12));
        }
    }
}
