using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Spaces;

/// <summary>Long random sequences against a model: what every small page translates to, and which areas are sparse.</summary>
public class SpaceModelTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1UL, false)]
    [InlineData(2UL, false)]
    [InlineData(3UL, true)]
    [InlineData(4UL, true)]
    [InlineData(5UL, true)]
    public void Books_tables_and_translations_agree_with_a_model_after_every_step(ulong seed, bool fails)
    {
        output.WriteLine($"seed {seed}");
        new Run(seed, fails).Steps(400);
    }

    private sealed class Run(ulong seed, bool fails)
    {
        private const ulong Limit = 0x4000_0000;
        private static readonly GpuMemoryObject[] Memories =
        [
            SpaceRig.Video(0, 0x1000_0000, 0x80_0000, 21),
            SpaceRig.Video(1, 0x2001_0000, 0x80_0000, 16),
            SpaceRig.Video(2, 0x3000_1000, 0x80_0000, 12),
            GpuMemoryObject.Contiguous(Aperture.SystemNonCoherent, 0x5000_0000, 0x40_0000, 12),
            GpuMemoryObject.FromExtents(
                Aperture.VideoMemory, [new(0x9000_0000, 0x20_0000), new(0x7000_0000, 0x60_0000)], 21),
        ];

        private readonly SeededRandom _random = new(seed);
        private readonly Dictionary<ulong, ulong> _pages = [];
        private readonly List<(ulong Start, ulong Size, bool IsSparse)> _areas = [];
        private int _failures;
        private string _last = "";
        private int _successes;

        public void Steps(int count)
        {
            var rig = new SpaceRig(size: Limit, spareTables: (int)(seed % 3));
            for (int step = 0; step < count; step++)
            {
                string did = $"seed {seed} step {step}";
                Arm(rig);
                switch (_random.Next(10))
                {
                    case < 2:
                        Get(rig);
                        break;
                    case 2:
                        Put(rig);
                        break;
                    case < 6:
                        Map(rig, did);
                        break;
                    case 6:
                        Unmap(rig);
                        break;
                    case < 9:
                        PfnMap(rig, did);
                        break;
                    default:
                        PfnUnmap(rig);
                        break;
                }

                Disarm(rig);
                Look(rig, did);
                rig.Check(did + " " + _last);
            }

            rig.Dispose();
            Assert.InRange(_successes, count / 4, count);
            Assert.InRange(_failures, count / 100, count);
        }

        private void Arm(SpaceRig rig)
        {
            if (fails)
            {
                rig.Memory.Failures.Allowed = _random.Next(3) == 0 ? _random.Next(6) : -1;
                rig.TableFailures.Allowed = _random.Next(6) == 0 ? _random.Next(6) : -1;
                rig.AreaFailures.Allowed = _random.Next(4) == 0 ? _random.Next(3) : -1;
                rig.Dma.Failures.Allowed = _random.Next(6) == 0 ? _random.Next(8) : -1;
            }
        }

        private static void Disarm(SpaceRig rig)
        {
            rig.Memory.Failures.Allowed = -1;
            rig.TableFailures.Allowed = -1;
            rig.AreaFailures.Allowed = -1;
            rig.Dma.Failures.Allowed = -1;
        }

        private void Get(SpaceRig rig)
        {
            var flags = (GetFlags)_random.Next(8);
            int shift = new[] { 0, 0, 12, 16, 21 }[_random.Next(5)];
            ulong unit = 1UL << Math.Max(12, shift);
            ulong size = unit * ((ulong)_random.Next(unit == 0x1000 ? 700 : 4) + 1);
            string before = rig.Areas();
            Errno error = rig.Space.TryGet(
                new GetRequest(size, shift, new[] { 0, 12, 16, 21, 29 }[_random.Next(5)], flags), out VirtualAddress address);
            Count(rig, error, before);
            if (error == Errno.None)
            {
                _areas.Add((address, size, (flags & GetFlags.Sparse) != 0));
            }
        }

        private void Put(SpaceRig rig)
        {
            if (_areas.Count == 0)
            {
                return;
            }

            int which = _random.Next(_areas.Count);
            (ulong start, ulong size, _) = _areas[which];
            _last = $"put {start:x}";
            rig.PutOk(start);
            _areas.RemoveAt(which);
            Forget(start, start + size);
            Assert.Equal(PageTableEntryKind.Invalid, rig.Kind(start));
        }

        private void Map(SpaceRig rig, string did)
        {
            (ulong start, ulong size) = RandomRange();
            GpuMemoryObject memory = Memories[_random.Next(Memories.Length)];
            ulong offset = _random.Next(2) == 0 ? 0 : (ulong)_random.Next(64) << 16;
            string before = rig.Areas();
            _last = $"map {start:x} {size:x} {before}";
            Errno error = rig.Space.Map(start, size, memory, offset);
            _last += error;
            Count(rig, error, before);
            for (ulong page = 0; error == Errno.None && page < size; page += Page.Size)
            {
                Assert.True((start & 0xfff) == 0, did);
                _pages[start + page] = memory.From(offset + page).Address;
            }
        }

        private void Unmap(SpaceRig rig)
        {
            if (_areas.Count > 0)
            {
                (ulong start, _) = RandomRange();
                var piece = Piece(rig, start);
                Errno error = rig.Space.Unmap(start);
                if (error == Errno.None)
                {
                    _successes++;
                    Forget(piece.Start, piece.End);
                }
            }
        }

        private void PfnMap(SpaceRig rig, string did)
        {
            int shift = _random.Next(4) == 0 ? 21 : 12;
            (ulong start, _) = RandomRange();
            start &= ~((1UL << shift) - 1);
            var pfns = new PfnEntry[_random.Next(shift == 12 ? 40 : 2) + 1];
            for (int i = 0; i < pfns.Length; i++)
            {
                ulong address = ((ulong)_random.Next(1 << 14) << shift) + ((ulong)i << shift);
                pfns[i] = new PfnEntry(address | (_random.Next(5) == 0 ? 0UL : _random.Next(3) == 0 ? 3UL : 0x13));
            }

            var request = (PfnEntry[])pfns.Clone();
            _last = $"pfnmap {shift} {start:x} {pfns.Length} {rig.Areas()}";
            Errno error = rig.Space.PfnMap(shift, start, pfns);
            _last += error;
            Assert.True(error is Errno.None or Errno.ENOENT or Errno.ENOMEM or Errno.EINVAL, did);
            if (error is Errno.ENOENT or Errno.EINVAL)
            {
                Assert.True(pfns.AsSpan().SequenceEqual(request), did);
                return;
            }

            _ = error == Errno.None ? _successes++ : _failures++;
            Dictionary<ulong, ulong> pfnPages = FromTables(rig);
            for (int i = 0; i < pfns.Length; i++)
            {
                ulong at = start + ((ulong)i << shift);
                if (pfns[i].IsValid)
                {
                    Assert.True(rig.Walk(at) is { Kind: PageTableEntryKind.Page } found && found.Shift == shift, did);
                    Assert.True(pfns[i] == request[i], did);
                    Assert.True(!pfns[i].IsVideoMemory || rig.Walk(at).Address == pfns[i].Address, did);
                    Assert.True(pfns[i].IsVideoMemory || rig.Dma.Resolve(rig.Walk(at).Address).Frame.Value == pfns[i].Address >> 12, did);
                }
            }

            // Only pages that lie in the range, or in a large page that reaches into it, may have changed.
            ulong end = start + ((ulong)pfns.Length << shift);
            foreach ((ulong page, ulong address) in _pages)
            {
                if (page < (start & ~0x1fffffUL) || page >= ((end + 0x1fffff) & ~0x1fffffUL))
                {
                    Assert.True(pfnPages.TryGetValue(page, out ulong now) && now == address, did);
                }
            }

            Adopt(pfnPages);
        }

        private void PfnUnmap(SpaceRig rig)
        {
            (ulong start, ulong size) = RandomRange();
            size = Math.Min(size, Limit - start);
            _last = $"pfnunmap {start:x} {size:x}";
            if (rig.Space.PfnUnmap(AddressRange.FromLength(start, size)) == Errno.None)
            {
                _successes++;
                Adopt(FromTables(rig));
                Assert.DoesNotContain(GpuAreaFlags.Mapped, Pieces(rig)
                    .Where(piece => piece.Memory is null && piece.Start < start + size && piece.Start + piece.Size > start)
                    .Select(static piece => piece.Flags & GpuAreaFlags.Mapped));
            }
        }

        /// <summary>Every page of the model is mapped, and a sample of all others is not: sparse or invalid as its area is.</summary>
        private void Look(SpaceRig rig, string did)
        {
            foreach ((ulong page, ulong address) in _pages)
            {
                Assert.True(rig.Walk(page) is { Kind: PageTableEntryKind.Page } found && found.Address == address, did);
            }

            for (int i = 0; i < 20; i++)
            {
                ulong page = RandomRange().Start & ~0xfffUL;
                if (!_pages.ContainsKey(page))
                {
                    bool sparse = _areas.Exists(area => area.IsSparse && page >= area.Start && page < area.Start + area.Size);
                    Assert.True(rig.Kind(page) == (sparse ? PageTableEntryKind.Sparse : PageTableEntryKind.Invalid), did);
                }
            }
        }

        private void Count(SpaceRig rig, Errno error, string before)
        {
            if (error == Errno.None)
            {
                _successes++;
                return;
            }

            _failures++;
            Assert.Equal(before, rig.Areas());
        }

        private void Forget(ulong start, ulong end)
        {
            foreach (ulong page in _pages.Keys)
            {
                if (page >= start && page < end)
                {
                    _pages.Remove(page);
                }
            }
        }

        private void Adopt(Dictionary<ulong, ulong> pages)
        {
            _pages.Clear();
            foreach ((ulong page, ulong address) in pages)
            {
                _pages[page] = address;
            }
        }

        /// <summary>All pages of mapped pieces, by walks.</summary>
        private static Dictionary<ulong, ulong> FromTables(SpaceRig rig)
        {
            var pages = new Dictionary<ulong, ulong>();
            foreach (GpuAreaInfo piece in Pieces(rig))
            {
                for (ulong page = 0; (piece.Flags & GpuAreaFlags.Mapped) != 0 && page < piece.Size; page += Page.Size)
                {
                    pages[piece.Start + page] = rig.Walk(piece.Start + page).Address;
                }
            }

            return pages;
        }

        private static List<GpuAreaInfo> Pieces(SpaceRig rig)
        {
            var pieces = new PieceList();
            rig.Space.Dump(pieces);
            return pieces.Pieces;
        }

        private static (ulong Start, ulong End) Piece(SpaceRig rig, ulong address)
        {
            GpuAreaInfo found = Pieces(rig).Find(piece => address >= piece.Start && address < piece.Start + piece.Size);
            return (found.Start, found.Start + found.Size);
        }

        private (ulong Start, ulong Size) RandomRange()
        {
            if (_areas.Count == 0)
            {
                return (0, 0x1000);
            }

            (ulong start, ulong size, _) = _areas[_random.Next(_areas.Count)];
            if (_random.Next(3) == 0)
            {
                return (start, size);
            }

            int unit = new[] { 12, 12, 16, 21 }[_random.Next(4)];
            ulong from = start + ((ulong)_random.Next((int)(size >> unit) + 1) << unit);
            return (Math.Min(from, Limit - 0x1000), (ulong)(_random.Next(_random.Next(3) == 0 ? 40 : 3) + 1) << unit);
        }
    }

    private sealed class PieceList : IAddressSpaceVisitor
    {
        public List<GpuAreaInfo> Pieces { get; } = [];

        public void VisitArea(in GpuAreaInfo area) => Pieces.Add(area);

        public void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high)
        {
        }

        public void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word)
        {
        }
    }
}
