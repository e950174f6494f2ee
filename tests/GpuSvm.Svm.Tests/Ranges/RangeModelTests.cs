using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Random changes and faults on a space of ranges, and on a dictionary of pages that says what must be there.</summary>
public sealed class RangeModelTests
{
    /// <summary>Chunks of 16, 4 and 1 pages in notifiers of 32: small, so that every rule of their choice is met often.</summary>
    private static readonly int[] Chunks = [16, 4, 1];

    private const int NotifierPages = 32;
    private const int Pages = 80;

    /// <summary>The last pages lie outside of the space's window.</summary>
    private const int WindowPages = 70;

    private enum Kind
    {
        Map,
        Unmap,
        Protect,
        Discard,
        Store,
        ToDevice,
        Read,
        Write,
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

    [Fact]
    public void A_space_of_ranges_agrees_with_a_dictionary_of_pages_after_every_step() =>
        Prop.ForAll(Gen.ArrayOf(Calls).ToArbitrary(), calls =>
        {
            using var m = new RangeMachine(new SvmSpaceOptions
            {
                Window = RangeMachine.Pages(0, WindowPages),
                NotifierSize = NotifierPages * Page.Size,
                ChunkSizes = [.. Chunks.Select(pages => (ulong)pages * Page.Size)],
            });
            var model = new Model();
            foreach (Call call in calls)
            {
                Do(m, model, call);
                Compare(m, model);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(60));

    private static void Do(RangeMachine m, Model model, Call call)
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
                bool isAny = pages.Any(model.Mapped.ContainsKey);
                model.Ranges.FindAll(range => isAny && range.Overlaps(pages)).ForEach(range => range.IsUnmapped = true);
                Array.ForEach(pages, page => model.Mapped.Remove(page));
                break;
            case Kind.Protect when pages.All(model.Mapped.ContainsKey):
                m.Protect(call.Page, call.Count, call.Protection);
                Array.ForEach(pages, page => model.Mapped[page] = call.Protection);
                break;
            case Kind.Discard when pages.All(model.Mapped.ContainsKey):
                Assert.Equal(Errno.None, m.Mm.Discard(RangeMachine.At(call.Page), (ulong)call.Count * Page.Size));
                break;
            case Kind.Store when model.RightsAt(call.Page) == Protection.ReadWrite:
                m.Process.Write(call.Page, 1);
                break;
            case Kind.ToDevice:
                m.Process.ToDevice(call.Page, call.Count);
                break;
            case Kind.Read or Kind.Write:
                Fault(m, model, call.Page, new SvmContext { IsReadOnly = call.Kind == Kind.Read });
                break;
            case Kind.Evict when model.At(call.Page) is { } range:
                Assert.Equal(model.RightsOf(range) == Protection.None ? Errno.EFAULT : Errno.None, m.Space.Evict(range.Real));
                break;
            case Kind.UnmapPages when model.At(call.Page) is { } range:
                m.Space.UnmapPages(range.Real);
                break;
            case Kind.Collect:
                model.Ranges.FindAll(range => range.IsUnmapped).ForEach(range => Remove(m, model, range));
                break;
            case Kind.Remove when model.At(call.Page) is { } range:
                Remove(m, model, range);
                break;
        }
    }

    private static void Fault(RangeMachine m, Model model, int page, SvmContext context)
    {
        ModelRange? there = model.At(page);
        int chunk = there?.Count ?? model.ChunkFor(page);
        Errno expected =
            page >= WindowPages ? Errno.EINVAL :
            model.RightsAt(page) == Protection.None ? Errno.ENOENT :
            (model.RightsAt(page) & context.Rights) != context.Rights ? Errno.EPERM : Errno.None;
        Assert.Equal(expected, m.Find(page, out SvmRange? real, context));
        if (expected != Errno.None)
        {
            return;
        }

        if (there is null)
        {
            there = new ModelRange(page / chunk * chunk, chunk, real!);
            model.Ranges.Add(there);
        }

        Assert.Same(there.Real, real);
        Assert.Equal(RangeMachine.Pages(there.First, there.Count), real!.Range);
        Protection rights = model.RightsOf(there);
        bool isValid = m.AreValid(real, context.Rights);
        Errno error = m.Space.GetPages(real, context);
        Errno wanted =
            there.IsUnmapped || rights == Protection.None ? Errno.EFAULT :
            isValid || (rights & context.Rights) == context.Rights ? Errno.None : Errno.EPERM;
        Assert.Equal(wanted, error);
        Assert.Equal(wanted == Errno.None, m.Driver.Bind(m.Space, real, context.Rights));
    }

    private static void Remove(RangeMachine m, Model model, ModelRange range)
    {
        Assert.True(m.Space.Remove(range.Real));
        model.Ranges.Remove(range);
    }

    private static void Compare(RangeMachine m, Model model)
    {
        int notifiers = model.Ranges.Select(range => range.First / NotifierPages).Distinct().Count();
        long mapped = 0;
        foreach (ModelRange range in model.Ranges)
        {
            Assert.Equal((range.IsUnmapped, false), (range.Real.IsUnmapped, range.Real.IsRemoved));
            List<FrameNumber?> frames = m.Frames(range.Real);
            Assert.True(frames.Count is 0 || frames.Count == range.Count);
            Assert.True(frames.Count > 0 || !m.Driver.IsBound(range.Real));
            for (int i = 0; i < frames.Count; i++)
            {
                // What the device reaches is what the CPU has there, and with no more rights.
                CpuPte pte = m.Mm.PageTable.Read(RangeMachine.At(range.First + i));
                bool isDevice = frames[i] is null;
                Assert.Equal((isDevice, pte.Frame), (pte.IsDevicePrivate, frames[i] ?? pte.Frame));
                Assert.Equal(range.Real.Rights, pte.KeptRights & range.Real.Rights);
                mapped += isDevice ? 0 : 1;
            }
        }

        Assert.Equal((model.Ranges.Count, notifiers, notifiers, model.Ranges.Count, mapped), m.State);
    }

    private sealed record Call(Kind Kind, int Page, int Count, Protection Protection);

    private sealed class ModelRange(int first, int count, SvmRange real)
    {
        public int First => first;

        public int Count => count;

        public SvmRange Real => real;

        public bool IsUnmapped { get; set; }

        public bool Overlaps(int[] pages) => pages[0] < first + count && pages[^1] >= first;
    }

    private sealed class Model
    {
        public Dictionary<int, Protection> Mapped { get; } = [];

        public List<ModelRange> Ranges { get; } = [];

        public Protection RightsAt(int page) => Mapped.GetValueOrDefault(page);

        public ModelRange? At(int page) => Ranges.Find(range => range.Overlaps([page]));

        /// <summary>What all pages of a range allow.</summary>
        public Protection RightsOf(ModelRange range) =>
            Enumerable.Range(range.First, range.Count).Aggregate(Protection.ReadWrite, (rights, page) => rights & RightsAt(page));

        /// <summary>Pages of the largest chunk whose pages are all mapped alike, in the window, and of no range.</summary>
        public int ChunkFor(int page) => Chunks.First(count => Enumerable.Range(page / count * count, count).All(other =>
            other == page || (other < WindowPages && RightsAt(other) == RightsAt(page) && At(other) is null)));
    }
}
