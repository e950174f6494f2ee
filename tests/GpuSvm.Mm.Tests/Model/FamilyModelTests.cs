using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Mm.Tests;

/// <summary>Random calls on up to three processes that fork and share memory, and on dictionaries of pages; each step is compared.</summary>
public sealed class FamilyModelTests
{
    private const ulong First = 0x1fa000;
    private const int Pages = 12;
    private const int Processes = 3;
    private const ulong CachePages = 8;
    private const ulong Size = Page.Size;

    private static readonly RemapFlags[] AllRemapFlags =
    [
        RemapFlags.None, RemapFlags.MayMove, RemapFlags.MayMove | RemapFlags.Fixed, RemapFlags.MayMove | RemapFlags.Fixed,
        RemapFlags.MayMove | RemapFlags.DontUnmap, RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap,
    ];

    private static readonly Gen<Call> Calls =
        from kind in Gen.Frequency(
            (1, Gen.Elements(Enum.GetValues<Kind>())), (1, Gen.Elements(Kind.Store, Kind.Store, Kind.Store, Kind.Load, Kind.Fork)))
        from process in Gen.Elements(0, 0, 1, 2)
        from page in Gen.Choose(0, Pages - 1)
        from count in Gen.Choose(1, 5)
        from other in Gen.Choose(0, Pages - 1)
        from protection in Gen.Elements(Protection.None, Protection.Read, Protection.ReadWrite, Protection.ReadWrite, Protection.ReadWrite)
        from advice in Gen.Elements(
            Advice.DontNeed, Advice.Free, Advice.DontFork, Advice.DoFork, Advice.PopulateRead, Advice.PopulateWrite, (Advice)99)
        from flags in Gen.Elements(AllRemapFlags)
        from value in Gen.Choose(1, 1_000_000)
        select new Call(kind, process, page, Math.Min(count, Pages - page), other, protection, advice, flags, (ulong)value);

    private enum Kind
    {
        Map,
        MapShared,
        MapCache,
        Unmap,
        Protect,
        WriteProtect,
        Advise,
        Remap,
        Fork,
        Exit,
        Migrate,
        MoveIn,
        Load,
        Store,
    }

    [Fact]
    public void A_family_of_processes_does_what_dictionaries_of_pages_do() =>
        Prop.ForAll(Arb.From(Gen.ArrayOf(Calls), Shorter), calls =>
        {
            using var family = new Family();
            foreach (Call call in calls)
            {
                family.Do(call);
                family.Compare();
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(120));

    /// <summary>The calls without a half of them, a quarter, and so on down to one.</summary>
    private static IEnumerable<Call[]> Shorter(Call[] calls)
    {
        for (int length = calls.Length / 2; length > 0; length /= 2)
        {
            for (int start = 0; start + length <= calls.Length; start += length)
            {
                yield return [.. calls[..start], .. calls[(start + length)..]];
            }
        }
    }

    private readonly record struct Call(
        Kind Kind, int Process, int Page, int Count, int Other, Protection Protection, Advice Advice, RemapFlags Flags, ulong Value);

    private sealed class Family : IDisposable
    {
        private readonly TestMachine _m = new();
        private readonly TestDevice _device;
        private readonly PageCache _cache;
        private readonly ModelStore _store = new(CachePages);
        private readonly (TestProcess Process, ModelSpace Model)?[] _members = new (TestProcess, ModelSpace)?[Processes];

        public Family()
        {
            _device = new TestDevice(_m.Frames);
            _cache = new PageCache(_m.Frames, CachePages);
            TestProcess first = _m.Start();
            first.Empty().Map(First, Pages * Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
            _members[0] = (first, new ModelSpace());
            _members[0]!.Value.Model.Map(First, Pages, new ModelPage(Protection.ReadWrite));
        }

        public void Do(Call call)
        {
            if (_members[call.Process] is not { } member)
            {
                return;
            }

            ulong start = First + ((ulong)call.Page * Size);
            AddressSpace mm = member.Process.Mm!;
            switch (call.Kind)
            {
                case Kind.Fork:
                    Fork(member, call.Other % Processes);
                    break;
                case Kind.Exit when call.Process > 0:
                    mm.Exit();
                    _members[call.Process] = null;
                    break;
                case Kind.Migrate:
                    Migrate(mm, start, (ulong)call.Count);
                    break;
                case Kind.MoveIn:
                    _device.MoveIn(mm, start, (ulong)call.Count);
                    break;
                case Kind.Load or Kind.Store:
                    Access(member.Process.Thread, member.Model, call, start);
                    break;
                default:
                    Assert.Equal(Change(member.Model, call, start, (ulong)call.Count, out Func<AddressSpace, Errno> change), change(mm));
                    break;
            }
        }

        public void Compare()
        {
            HashSet<FrameNumber> own = [];
            HashSet<PageCache> caches = [_cache];
            Dictionary<FrameNumber, int> maps = [];
            Dictionary<(ModelStore, ulong), FrameNumber> shared = [];
            foreach ((TestProcess process, ModelSpace model) in _members.OfType<(TestProcess, ModelSpace)>())
            {
                CompareMappings(process.Mm!.Vmas(), model, caches);
                foreach ((ulong page, ModelPage there) in model.Pages)
                {
                    CpuPte pte = process.Mm.PageTable.Read(page);
                    Assert.True((pte.KeptRights & ~there.Protection) == 0, "an entry never grants more than its mapping");
                    if (pte.Maps && pte.Frame != _m.Frames.ZeroFrame)
                    {
                        Assert.Equal(there.Value, BitConverter.ToUInt64(_device.Bytes(pte.Frame)[8..]));
                        maps[pte.Frame] = maps.GetValueOrDefault(pte.Frame) + 1;
                        if (there is { Own: null, Store: { } store })
                        {
                            (ModelStore, ulong) place = (store, there.Index);
                            Assert.True(shared.TryAdd(place, pte.Frame) || shared[place] == pte.Frame, "all see one frame");
                            Assert.Equal(_m.Frames.MapCount(pte.Frame) + 1, _m.Frames.ReferenceCount(pte.Frame));
                        }

                        bool isPrivateAndWritable = pte.KeptRights == Protection.ReadWrite && !there.IsShared;
                        Assert.True(!isPrivateAndWritable || _m.Frames.MapCount(pte.Frame) == 1, "who writes private memory is alone");
                    }
                    else if (!pte.Maps || pte.Frame == _m.Frames.ZeroFrame)
                    {
                        Assert.True(there.Own is null or 0, "what was written has a frame");
                    }
                }
            }

            foreach ((FrameNumber frame, int count) in maps)
            {
                int references = _m.Frames.ReferenceCount(frame);
                Assert.Equal(count, _m.Frames.MapCount(frame));
                Assert.InRange(references, count, count + 1);
                if (references == count && !_m.Frames.IsDevicePrivate(frame))
                {
                    own.Add(frame);
                }
            }

            Assert.Equal(own.Count + caches.Sum(cache => cache.CachedPages), _m.Frames.AllocatedFrames);
            Assert.Equal(maps.Keys.Count(_m.Frames.IsDevicePrivate), _device.Pagemap.UsedFrames);
        }

        public void Dispose()
        {
            foreach ((TestProcess process, ModelSpace _) in _members.OfType<(TestProcess, ModelSpace)>())
            {
                process.Mm!.Exit();
            }

            _cache.Dispose();
            _m.Dispose();
        }

        private static void CompareMappings(IReadOnlyList<Vma> vmas, ModelSpace model, HashSet<PageCache> caches)
        {
            Assert.Equal(
                model.Pages.Select(page => (page.Key, page.Value.Protection, page.Value.Flags, page.Value.Index)),
                vmas.SelectMany(vma => Enumerable.Range(0, (int)vma.Range.PageCount)
                    .Select(i => vma.Range.Start.Value + ((ulong)i * Size))
                    .Select(page => (page, vma.Protection, vma.Flags, vma.Backing?.IndexOf(page) ?? 0))));
            Assert.DoesNotContain(vmas.Zip(vmas.Skip(1)), pair => pair.First.JoinsWith(pair.Second));
            caches.UnionWith(vmas.Select(vma => vma.Backing?.Memory).OfType<PageCache>());
        }

        private static void Access(CpuThread cpu, ModelSpace model, Call call, ulong page)
        {
            bool isStore = call.Kind == Kind.Store;
            Errno expected = model.Touch(page, isStore ? CpuAccess.Write : CpuAccess.Read, call.Value);
            try
            {
                if (isStore)
                {
                    cpu.Store(page + 8, call.Value);
                }

                Assert.True(expected == Errno.None || !isStore, "a store that must fault does");
                if (expected == Errno.None || !isStore)
                {
                    Assert.Equal(model.Pages.GetValueOrDefault(page).Value, cpu.Load<ulong>(page + 8));
                }

                Assert.Equal(Errno.None, expected);
            }
            catch (SegmentationFaultException)
            {
                Assert.Equal(Errno.EFAULT, expected);
            }
        }

        private void Fork((TestProcess Process, ModelSpace Model) parent, int slot)
        {
            if (_members[slot] is null)
            {
                TestProcess child = _m.Start();
                Assert.Equal(Errno.None, child.Fork(parent.Process.Mm!));
                _members[slot] = (child, parent.Model.Fork());
            }
        }

        private void Migrate(AddressSpace mm, ulong start, ulong pages)
        {
            var migration = new MigrateVma(mm, (int)pages);
            if (migration.SetUp(mm, start, pages) == Errno.None)
            {
                migration.Copy(_m.Frames);
                migration.MigratePages();
                migration.Complete();
            }
        }

        /// <summary>Changes the model, and says what the address space shall do and answer.</summary>
        private Errno Change(ModelSpace model, Call call, ulong start, ulong count, out Func<AddressSpace, Errno> change)
        {
            ulong length = count * Size;
            Protection protection = call.Protection;
            switch (call.Kind)
            {
                case Kind.Map:
                    model.Map(start, count, new ModelPage(protection));
                    change = mm => mm.Map(start, length, protection, MapPlacement.Fixed, out _);
                    return Errno.None;
                case Kind.MapShared:
                    model.Map(start, count, new ModelPage(protection, VmaFlags.Shared, new ModelStore(count)));
                    change = mm => mm.MapShared(start, length, protection, MapPlacement.Fixed, out _);
                    return Errno.None;
                case Kind.MapCache:
                    MapSharing sharing = call.Value % 2 == 0 ? MapSharing.Shared : MapSharing.Private;
                    VmaFlags flags = sharing == MapSharing.Shared ? VmaFlags.Shared : VmaFlags.None;
                    model.Map(start, count, new ModelPage(protection, flags, _store, (ulong)call.Other));
                    change = mm => mm.MapCache(
                        start, length, protection, MapPlacement.Fixed, new CacheSource(_cache, sharing, (ulong)call.Other * Size), out _);
                    return Errno.None;
                case Kind.Unmap:
                    model.Unmap(start, count);
                    change = mm => mm.Unmap(start, length);
                    return Errno.None;
                case Kind.Protect:
                    change = mm => mm.Protect(start, length, protection);
                    return model.Change(start, count, page => page with { Protection = protection });
                case Kind.WriteProtect:
                    change = mm => mm.WriteProtect(start, length);
                    return model.Change(start, count, static page => page);
                case Kind.Advise:
                    change = mm => mm.Advise(start, length, call.Advice);
                    return model.Advise(start, count, call.Advice);
                case Kind.Remap:
                    return Remap(model, call, start, length, out change);
                default:
                    change = static _ => Errno.None;
                    return Errno.None;
            }
        }

        private static Errno Remap(ModelSpace model, Call call, ulong start, ulong length, out Func<AddressSpace, Errno> change)
        {
            ulong newLength = (1 + (call.Value % 5)) * Size;
            ulong target = First + ((ulong)call.Other * Size);
            var request = new RemapRequest(start, length, newLength, call.Flags, target);
            Errno expected = model.Remap(request, out bool moves);
            change = mm =>
            {
                Errno error = mm.Remap(start, length, newLength, call.Flags, target, out VirtualAddress result);
                if (error == Errno.None && moves)
                {
                    model.Move(request, result);
                }
                else
                {
                    Assert.Equal(error == Errno.None ? start : 0, result.Value);
                }

                return error;
            };
            return expected;
        }
    }
}
