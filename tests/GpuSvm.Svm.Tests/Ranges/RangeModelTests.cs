using FsCheck;
using FsCheck.Fluent;
using ModelRange = GpuSvm.Svm.Tests.Ranges.RangeModel.ModelRange;

namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Random changes and faults on a space of ranges, and on a dictionary of pages that says what must be there.</summary>
public sealed class RangeModelTests
{
    /// <summary>Chunks of 16, 4 and 1 pages in notifiers of 32: small, so that every rule of their choice is met often.</summary>
    private static readonly int[] Chunks = [16, 4, 1];

    private const int NotifierPages = 32;
    private const int Pages = 80;
    private const int Half = Pages / 2;

    /// <summary>The last pages lie outside of the space's window.</summary>
    private const int WindowPages = 70;

    private static readonly (int First, int End) Everywhere = (0, WindowPages);

    private enum Kind
    {
        Map,
        Unmap,
        Remap,
        Protect,
        Discard,
        Invalidate,
        Store,
        ToDevice,
        Read,
        Write,
        WriteInWindow,
        Evict,
        UnmapPages,
        Collect,
        Remove,
    }

    private static readonly Gen<Call> Calls =
        from kind in Gen.Elements([.. Enum.GetValues<Kind>(), Kind.Map, Kind.Map, Kind.Read, Kind.Write, Kind.Write])
        from page in Gen.Choose(0, Pages - 1)
        from count in Gen.Frequency((3, Gen.Choose(1, 6)), (2, Gen.Choose(16, 50)))
        from canWrite in Gen.Elements(true, true, false)
        select new Call(kind, page, Math.Min(count, Pages - page), canWrite ? Protection.ReadWrite : Protection.Read);

    [Theory]
    [InlineData(PartialUnmap.KeepRest)]
    [InlineData(PartialUnmap.DropRange)]
    public void A_space_of_ranges_agrees_with_a_dictionary_of_pages_after_every_step(PartialUnmap partial) =>
        Prop.ForAll(Gen.ArrayOf(Calls).ToArbitrary(), calls =>
        {
            using var m = new RangeMachine(new SvmSpaceOptions
            {
                Window = RangeMachine.Pages(0, WindowPages),
                NotifierSize = NotifierPages * Page.Size,
                ChunkSizes = [.. Chunks.Select(pages => (ulong)pages * Page.Size)],
                PartialUnmap = partial,
            });
            var model = new RangeModel(Chunks, WindowPages, partial);
            foreach (Call call in calls)
            {
                Dictionary<int, Protection> before = ValidPages(m, model);
                model.HasSentHome = false;
                Do(m, model, call);
                Compare(m, model);
                CompareWithBefore(model, before, ValidPages(m, model), call);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(400).WithEndSize(60));

    private static void Do(RangeMachine m, RangeModel model, Call call)
    {
        int[] pages = [.. Enumerable.Range(call.Page, call.Count)];
        switch (call.Kind)
        {
            case Kind.Map when !pages.Any(model.Mapped.ContainsKey):
                m.Process.MapAt(call.Page, call.Count, call.Protection);
                Array.ForEach(pages, page => model.Mapped[page] = call.Protection);
                break;
            case Kind.Unmap:
                m.Unmap(call.Page, call.Count);
                model.Unmap(call.Page, call.Count);
                break;
            case Kind.Remap:
                Remap(m, model, call.Page, Math.Min(call.Count, Half - (call.Page % Half)));
                break;
            case Kind.Protect when pages.All(model.Mapped.ContainsKey):
                m.Protect(call.Page, call.Count, call.Protection);
                Array.ForEach(pages, page => model.Mapped[page] = call.Protection);
                break;
            case Kind.Discard when pages.All(model.Mapped.ContainsKey):
                Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(call.Page), (ulong)call.Count * Page.Size));
                break;
            case Kind.Invalidate:
                var change = new Invalidation(RangeMachine.Pages(call.Page, call.Count), InvalidationCause.Clear);
                Assert.Equal(Errno.None, m.Mm.Notifiers.Begin(change, out InvalidationScope scope));
                scope.Dispose();
                break;
            case Kind.Store when model.RightsAt(call.Page) == Protection.ReadWrite:
                m.Process.Write(call.Page, 1);
                break;
            case Kind.ToDevice:
                m.Process.ToDevice(call.Page, call.Count);
                break;
            default:
                DoWithRanges(m, model, call);
                break;
        }
    }

    /// <summary>Moves pages of one mapping to the same place in the other half, where they replace what is there.</summary>
    private static void Remap(RangeMachine m, RangeModel model, int page, int count)
    {
        Protection rights = model.RightsAt(page);
        int target = (page + Half) % Pages;
        if (rights == Protection.None || Enumerable.Range(page, count).Any(other => model.RightsAt(other) != rights))
        {
            return;
        }

        ulong length = (ulong)count * Page.Size;
        const RemapFlags Flags = RemapFlags.MayMove | RemapFlags.Fixed;
        Assert.Equal(Errno.None, m.Mm.Remap(RangeMachine.At(page), length, length, Flags, RangeMachine.At(target), out _));
        model.Unmap(target, count);
        model.Unmap(page, count);
        foreach (int moved in Enumerable.Range(target, count))
        {
            model.Mapped[moved] = rights;
        }
    }

    private static void DoWithRanges(RangeMachine m, RangeModel model, Call call)
    {
        switch (call.Kind)
        {
            case Kind.Read or Kind.Write:
                Fault(m, model, call.Page, Everywhere, new SvmContext { IsReadOnly = call.Kind == Kind.Read });
                break;
            case Kind.WriteInWindow:
                Fault(m, model, call.Page, (call.Page / 8 * 8, (call.Page / 8 * 8) + 8), default);
                break;
            case Kind.Evict when model.At(call.Page) is { Real: { } real } range:
                Assert.Equal(model.RightsOf(range) == Protection.None ? Errno.EFAULT : Errno.None, m.Space.Evict(real));
                break;
            case Kind.UnmapPages when model.At(call.Page) is { Real: { } real }:
                m.Space.UnmapPages(real);
                break;
            case Kind.Collect:
                foreach (ModelRange range in model.Ranges.FindAll(range => range.IsMarked))
                {
                    model.Fit(range, Everywhere, m.Valid(range.Real!).Keys);
                    Assert.True(m.Space.Collect(range.Real!));
                    Assert.Equal(!model.Ranges.Contains(range), range.Real!.IsRemoved);
                }

                break;
            case Kind.Remove when model.At(call.Page) is { Real: { } real } range:
                Assert.True(m.Space.Remove(real));
                model.Ranges.Remove(range);
                break;
        }
    }

    private static void Fault(RangeMachine m, RangeModel model, int page, (int First, int End) window, SvmContext context)
    {
        Errno expected =
            page >= WindowPages ? Errno.EINVAL :
            model.RightsAt(page) == Protection.None ? Errno.ENOENT :
            (model.RightsAt(page) & context.Rights) != context.Rights ? Errno.EPERM : Errno.None;
        ModelRange? there = expected == Errno.None ? Expect(m, model, page, window) : null;
        AddressRange addresses = RangeMachine.Pages(window.First, window.End - window.First);
        Assert.Equal(expected, m.Space.FindOrInsert(RangeMachine.At(page), addresses, context, out SvmRange? real));
        if (there is null)
        {
            return;
        }

        Assert.Equal(RangeMachine.Pages(there.First, there.Count), real!.Range);
        Assert.True(there.Real is null || there.Real == real);
        Errno error = m.Space.GetPages(real, context);
        if (error == Errno.EOPNOTSUPP)
        {
            // A page of the device's own that may not be written yet: it was read-only when it moved there.
            Assert.Contains(
                Enumerable.Range(there.First, there.Count).Select(other => m.Mm.PageTable.Read(RangeMachine.At(other))),
                pte => pte.IsDevicePrivate && pte.KeptRights == Protection.Read && !context.IsReadOnly);
            model.HasSentHome = true;
            Assert.Equal(Errno.None, m.Space.Evict(real));
            error = m.Space.GetPages(real, context);
        }

        Assert.Equal(Errno.None, error);
        Assert.True(m.Driver.Bind(m.Space, real, context.Rights));
        Assert.Equal(there.Count, real.ValidPages);
    }

    /// <summary>The range that a fault must find or make.</summary>
    private static ModelRange Expect(RangeMachine m, RangeModel model, int page, (int First, int End) window)
    {
        (int First, int End) bounds = model.BoundsOf(page, window);
        if (model.At(page) is { } there && (there.IsMarked || there.First < bounds.First || there.First + there.Count > bounds.End))
        {
            model.Fit(there, bounds, m.Valid(there.Real!).Keys);
        }

        if (model.At(page) is { } found)
        {
            return found;
        }

        int chunk = model.ChunkFor(page, bounds);
        model.Ranges.Add(new ModelRange(page / chunk * chunk, chunk));
        return model.Ranges[^1];
    }

    private static void Compare(RangeMachine m, RangeModel model)
    {
        int notifiers = model.Ranges.Select(range => range.First / NotifierPages).Distinct().Count();
        long mapped = 0;
        int entries = 0;
        foreach (ModelRange range in model.Ranges)
        {
            Assert.True(m.Space.TryFind(RangeMachine.At(range.First), out SvmRange? real));
            range.Real ??= real;
            Assert.Same(range.Real, real);
            Assert.Equal(RangeMachine.Pages(range.First, range.Count), real.Range);
            Assert.Equal((range.IsMarked, range.IsPartial, false), (real.IsUnmapped, real.IsPartiallyUnmapped, real.IsRemoved));
            mapped += CompareBlocks(m, range);
            entries += m.Driver.EntriesOf(real.Range);
        }

        Assert.Equal((model.Ranges.Count, notifiers, notifiers, model.Ranges.Count, mapped), m.State);
        Assert.Equal(entries, m.Driver.EntriesOf(RangeMachine.Everything));
        Assert.Equal(model.Ranges.Count, m.Space.RangesMade - m.Space.RangesRemoved);
    }

    /// <summary>What the device reaches is what the CPU has there, with no more rights; and it reaches only what is mapped for it.</summary>
    /// <returns>Number of pages that are mapped for DMA.</returns>
    private static int CompareBlocks(RangeMachine m, ModelRange range)
    {
        int mapped = 0;
        using RankedLock.Scope scope = m.Space.NotifierLock.Enter();
        MappedBlock?[] blocks = new MappedBlock?[range.Count];
        foreach (MappedBlock block in range.Real!.Blocks)
        {
            Assert.Equal((0, null), (block.Order, blocks[block.FirstPage]));
            blocks[block.FirstPage] = block;
        }

        for (int i = 0; i < range.Count; i++)
        {
            ulong address = RangeMachine.At(range.First + i);
            CpuPte pte = m.Mm.PageTable.Read(address);
            RangeDriver.Entry? entry = m.Driver.EntryAt(address);
            if (blocks[i] is not { } block)
            {
                Assert.Null(entry);
                continue;
            }

            mapped += block.IsOnDevice ? 0 : 1;
            Assert.Equal((block.IsOnDevice, block.Rights), (pte.IsDevicePrivate, pte.KeptRights & block.Rights));
            Assert.True(block.System is not { } system || m.Process.Device.FrameAt(system) == pte.Frame);
            Assert.True(!block.IsOnDevice || m.Process.Memory.Pagemap.FirstFrame + block.DevicePage == pte.Frame);
            if (entry is { } bound)
            {
                ulong? page = block.IsOnDevice ? block.DevicePage : null;
                Assert.Equal((block.System?.Value, page, bound.Rights), (bound.System, bound.DevicePage, bound.Rights & block.Rights));
            }
        }

        return mapped;
    }

    private static Dictionary<int, Protection> ValidPages(RangeMachine m, RangeModel model) =>
        model.Ranges.SelectMany(range => m.Valid(range.Real!)).ToDictionary();

    /// <summary>Pages that a call has nothing to do with stay as they are, and those that it takes are gone.</summary>
    private static void CompareWithBefore(
        RangeModel model, Dictionary<int, Protection> before, Dictionary<int, Protection> after, Call call)
    {
        if (call.Kind is Kind.Unmap or Kind.Invalidate)
        {
            Assert.DoesNotContain(after.Keys, call.Holds);
        }

        // These drop what lies elsewhere, too: whole ranges, pages that come home together, where pages move to.
        bool isWide = model.HasSentHome || call.Kind is Kind.Remap or Kind.Store or Kind.Evict or Kind.UnmapPages or Kind.Remove;
        if (!isWide && model.Partial == PartialUnmap.KeepRest)
        {
            Assert.All(before.Where(page => !call.Holds(page.Key)), page => Assert.Equal(page.Value | after[page.Key], after[page.Key]));
        }
    }

    private sealed record Call(Kind Kind, int Page, int Count, Protection Protection)
    {
        public bool Holds(int page) => page >= Page && page < Page + Count;
    }
}
