using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Mm.Tests;

/// <summary>Random calls on a CPU with fixed frames, which now and then cannot be told, and on a dictionary of pages.</summary>
public sealed class FixedFrameModelTests
{
    private const ulong First = 0x1ff000;
    private const int Pages = 12;
    private const ulong Size = Page.Size;

    private enum Kind
    {
        Map,
        Unmap,
        Discard,
        Protect,
        WriteProtect,
        Lose,
        Load,
        Store,
    }

    private static readonly Gen<Call> Calls =
        from kind in Gen.Elements(Enum.GetValues<Kind>())
        from page in Gen.Choose(0, Pages - 1)
        from count in Gen.Choose(1, 5)
        from protection in Gen.Elements(Protection.None, Protection.Read, Protection.ReadWrite, Protection.ReadWrite)
        from value in Gen.Choose(1, 255)
        from refused in Gen.Elements(0, 0, 1, 2)
        select new Call(kind, page, Math.Min(count, Pages - page), protection, (byte)value, refused);

    [Fact]
    public void An_address_space_of_objects_does_what_a_dictionary_of_pages_does() =>
        Prop.ForAll(Gen.ArrayOf(Calls).ToArbitrary(), calls =>
        {
            using var m = new FixedFrameMachine();
            SortedDictionary<ulong, Model> model = [];
            foreach (Call call in calls)
            {
                m.Cpu.RefusedMaps = call.Refused;
                Do(m, model, call);
                Compare(m, model);
            }
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300).WithEndSize(80));

    private static void Do(FixedFrameMachine m, SortedDictionary<ulong, Model> model, Call call)
    {
        ulong start = First + ((ulong)call.Page * Size);
        ulong length = (ulong)call.Count * Size;
        ulong[] pages = [.. Enumerable.Range(0, call.Count).Select(i => start + ((ulong)i * Size))];
        Errno ifWhole = pages.All(model.ContainsKey) ? Errno.None : Errno.ENOMEM;
        switch (call.Kind)
        {
            case Kind.Map:
                MemoryObject memory = m.Reserve((ulong)call.Count);
                Errno error = m.Mm.MapObject(start, memory, call.Protection);
                Assert.Equal(pages.Any(model.ContainsKey) ? Errno.EEXIST : Errno.None, error);
                if (error != Errno.None)
                {
                    m.Frames.Release(memory);
                    break;
                }

                for (int i = 0; i < call.Count; i++)
                {
                    model[pages[i]] = new Model(call.Protection, memory, memory.FirstFrame + (ulong)i, 0);
                }

                break;
            case Kind.Unmap:
                Assert.Equal(Errno.None, m.Mm.Unmap(start, length));
                MemoryObject[] before = [.. model.Values.Select(there => there.Memory).Distinct()];
                Array.ForEach(pages, page => model.Remove(page));
                Array.ForEach([.. before.Except(model.Values.Select(there => there.Memory))], m.Frames.Release);
                break;
            case Kind.Discard:
                Assert.Equal(ifWhole, m.Mm.Discard(start, length));
                Change(model, pages, ifWhole, there => there with { Value = 0 });
                break;
            case Kind.Protect:
                Assert.Equal(ifWhole, m.Mm.Protect(start, length, call.Protection));
                Change(model, pages, ifWhole, there => there with { Protection = call.Protection });
                break;
            case Kind.WriteProtect:
                Assert.Equal(ifWhole, m.Mm.WriteProtect(start, length));
                break;
            case Kind.Lose when m.Cpu.Entries.ContainsKey(start):
                m.Cpu.Lose(start);
                break;
            default:
                Access(m, model, call, start);
                break;
        }
    }

    private static void Change(SortedDictionary<ulong, Model> model, ulong[] pages, Errno error, Func<Model, Model> change)
    {
        if (error == Errno.None)
        {
            Array.ForEach(pages, page => model[page] = change(model[page]));
        }
    }

    private static void Access(FixedFrameMachine m, SortedDictionary<ulong, Model> model, Call call, ulong page)
    {
        bool isMapped = model.TryGetValue(page, out Model there);
        if (call.Kind == Kind.Store)
        {
            bool allowed = isMapped && there.Protection == Protection.ReadWrite;
            Assert.Equal(allowed ? Errno.None : Errno.EFAULT, m.Cpu.Store(page + 9, call.Value));
            Change(model, [page], allowed ? Errno.None : Errno.EFAULT, was => was with { Value = call.Value });
            return;
        }

        bool readable = isMapped && there.Protection != Protection.None;
        Assert.Equal(readable ? Errno.None : Errno.EFAULT, m.Cpu.TryLoad(page + 9, out byte value));
        Assert.Equal(readable ? there.Value : 0, value);
    }

    private static void Compare(FixedFrameMachine m, SortedDictionary<ulong, Model> model)
    {
        IReadOnlyList<Vma> vmas = m.Mm.Vmas();
        Assert.Equal(
            model.Select(there => (there.Key, there.Value.Protection, there.Value.Memory, there.Value.Frame)),
            vmas.SelectMany(vma => Enumerable.Range(0, (int)vma.Range.PageCount).Select(i => vma.Range.Start.Value + ((ulong)i * Size))
                .Select(page => (page, vma.Protection, (MemoryObject)vma.Backing!.Value.Memory, FrameOf(vma.Backing!.Value, page)))));
        Assert.DoesNotContain(vmas.Zip(vmas.Skip(1)), pair =>
            pair.First.Range.End == pair.Second.Range.Start &&
            (pair.First.Protection, pair.First.Backing) == (pair.Second.Protection, pair.Second.Backing));
        foreach (IGrouping<MemoryObject, Model> pages in model.Values.GroupBy(there => there.Memory))
        {
            Assert.Equal((ulong)pages.Count(), pages.Key.MappedPages);
        }

        int entered = 0;
        foreach ((ulong page, Model there) in model)
        {
            CpuPte pte = m.Mm.PageTable.Read(page);
            entered += pte.HasFrame ? 1 : 0;
            Assert.Equal(there.Value, m.Memory.Frame(there.Frame)[9]);
            Assert.True((pte.Rights & ~there.Protection) == 0, "an entry never grants more than its mapping");
        }

        Assert.Equal(entered, m.Frames.AllocatedFrames);
        Assert.All(m.Cpu.Entries, entry =>
        {
            CpuPte pte = m.Mm.PageTable.Read(entry.Key);
            Assert.True(pte.HasFrame && pte.Frame == entry.Value.Frame, "the CPU has no entry that the table has not");
            Assert.True((entry.Value.Rights & ~pte.Rights) == 0, "the CPU's entry never grants more than the table's");
        });
    }

    private static FrameNumber FrameOf(VmaBacking backing, ulong page) =>
        ((MemoryObject)backing.Memory).FirstFrame + backing.IndexOf(page);

    private readonly record struct Model(Protection Protection, MemoryObject Memory, FrameNumber Frame, byte Value);

    private readonly record struct Call(Kind Kind, int Page, int Count, Protection Protection, byte Value, int Refused);
}
