using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using static GpuSvm.Live.Programs.Changes.ChangedBuffer;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>mremap(2) of buffers: the pages are at their new place on both sides, and nowhere else.</summary>
internal static class Moves
{
    private static readonly VirtualAddress First = Changing.Far;
    private static readonly VirtualAddress Second = Changing.Far + (4 * Bytes);
    private static readonly VirtualAddress Third = Changing.Far + (8 * Bytes);

    public static async Task WholeAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        long held = b.PagesHeld;
        RawCalls.Remap(First, Bytes, Bytes, RawCalls.MoveFixed, Second);
        await b.Svm.DemandFaultAsync(First, "the old place");
        Check.Equal(held, b.PagesHeld, "pages held");
        await b.DemandPlaceAsync(Second, Pages);
        await b.DemandAsync(Second, Pages, 1100, "moved");
        Check.Equal(1, ProcessView.Buffers(b.Svm.EngineProcessId), "buffers");
        RawCalls.Unmap(Second, Bytes);
        await b.Svm.DemandFaultAsync(Second, "the new place, unmapped");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
    }

    public static async Task PartAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        RawCalls.Remap(At(First, 3), 2 * Page.Size, 2 * Page.Size, RawCalls.MoveFixed, Second);
        await b.Svm.DemandFaultAsync(At(First, 3), "the first page of the gap");
        await b.Svm.DemandFaultAsync(At(First, 4), "the last page of the gap");
        await b.DemandAsync(Second, 2, 1103, "the part");
        await b.DemandAsync(First, 3, 1100, "before the gap");
        await b.DemandAsync(At(First, 5), 3, 1105, "behind the gap");
    }

    public static async Task OverAnotherAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        await b.MapAsync(Second);
        b.Svm.Word(Second, 1) = -1;
        RawCalls.Remap(At(First, 4), 4 * Page.Size, 4 * Page.Size, RawCalls.MoveFixed, At(Second, 2));
        await b.DemandAsync(At(Second, 2), 4, 1104, "moved over another buffer");
        await b.DemandAsync(At(Second, 6), 2, 1106, "the rest of that");
        Check.Equal(-1, b.Svm.Word(Second, 1), "the beginning of that");
        await b.DemandAsync(First, 4, 1100, "what stayed");
        RawCalls.Unmap(First, 4 * Page.Size);
        RawCalls.Unmap(Second, Bytes);
        await b.Svm.DemandFaultAsync(Second, "all is unmapped");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
    }

    public static async Task ToAndFroAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        for (int i = 0; i < 50; i++)
        {
            RawCalls.Remap(First, Bytes, Bytes, RawCalls.MoveFixed, Second);
            RawCalls.Remap(Second, Bytes, Bytes, RawCalls.MoveFixed, Third);
            Check.Equal(1107 + i, b.Svm.Word(Third, 7)++, "a word of the CPU");
            RawCalls.Remap(Third, Bytes, Bytes, RawCalls.MoveFixed, First);
        }

        await b.DemandAsync(First, 7, 1100, "moved to and fro");
        await b.Svm.DemandFaultAsync(Second, "a place between");
        await b.Svm.DemandFaultAsync(Third, "another place between");
    }

    public static async Task KeepOldAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        long held = b.PagesHeld;
        VirtualAddress moved = RawCalls.Remap(First, Bytes, Bytes, RawCalls.MoveKeepingOld, Second);
        await b.DemandAsync(moved, Pages, 1100, "moved");
        await b.DemandAsync(First, Pages, 1101, "the old place, which shows the same pages");
        b.Svm.Word(First, 2) = 7;
        Check.Equal(7, b.Svm.Word(moved, 2), "a word by either address");
        RawCalls.Unmap(moved, Bytes);
        await b.Svm.DemandFaultAsync(moved, "the new place, unmapped");
        Check.Equal(7, b.Svm.Word(First, 2), "the word that is left");
        await b.DemandAsync(At(First, 3), 5, 1105, "the old place alone");
        RawCalls.Unmap(First, Bytes);
        await b.Svm.DemandFaultAsync(First, "all is unmapped");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
        Check.That(held is 0 or Pages, "pages held at first");
    }

    /// <summary>The length 0: the same pages once more.</summary>
    public static async Task TwiceAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        VirtualAddress again = RawCalls.Remap(First, 0, Bytes, RawCalls.MayMove);
        await b.DemandAsync(again, Pages, 1100, "the second mapping");
        await b.DemandAsync(First, Pages, 1101, "the first");
        RawCalls.Unmap(First, 4 * Page.Size);
        await b.DemandAsync(again, Pages, 1102, "the second mapping, alone with its first half");
        RawCalls.Advise(At(again, 6), Page.Size, RawCalls.DontNeed);
        await b.DemandAsync(At(First, 6), 1, null, "discarded by the other address");
        RawCalls.Unmap(again, Bytes);
        await b.DemandAsync(At(First, 4), 2, 1107, "the rest of the first");
        RawCalls.Unmap(At(First, 4), 4 * Page.Size);
        await b.Svm.DemandFaultAsync(again, "all is unmapped");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
    }

    public static async Task ShrinkAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        RawCalls.Remap(First, Bytes, 5 * Page.Size, RawCalls.MoveInPlace);
        await b.Svm.DemandFaultAsync(At(First, 5), "behind the new end");
        await b.DemandAsync(First, 5, 1100, "what is left");
        Check.Equal(5, b.PagesHeld, "pages held");
        RawCalls.Remap(First, 5 * Page.Size, 2 * Page.Size, RawCalls.MoveFixed, Second);
        await b.Svm.DemandFaultAsync(At(First, 1), "the old place");
        await b.DemandAsync(Second, 2, 1101, "shrunk and moved");
        Check.Equal(2, b.PagesHeld, "pages held");
    }

    /// <summary>A mapping grows into pages of its buffer, which another mapping may show, and behind its end, where the kernel ends an access.</summary>
    public static async Task GrowAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        RawCalls.Remap(First, 4 * Page.Size, 4 * Page.Size, RawCalls.MoveFixed, Second);
        RawCalls.Remap(Second, 4 * Page.Size, 6 * Page.Size, RawCalls.MoveInPlace);
        Check.Equal(1105, b.Svm.Word(Second, 5), "a page that two mappings show, by the one that has grown");
        await b.DemandAsync(Second, 6, 1100, "grown in place");
        VirtualAddress moved = RawCalls.Remap(Second, 6 * Page.Size, 12 * Page.Size, RawCalls.MayMove, default);
        Check.Equal(1101, b.Svm.Word(moved, 0), "the first page of what has grown");
        await b.DemandAsync(moved, Pages - 2, 1101, "grown and maybe moved");
        Check.Equal(1106, b.Svm.Word(moved, 6), "what it has grown by: the GPU has it once the CPU has touched it");
        await b.DemandAsync(At(moved, 6), 2, 1106, "what it has grown by");
        await b.DemandAsync(At(First, 7), 1, 1108, "the same page by its old address");
        await b.Svm.DemandFaultAsync(At(moved, Pages), "behind the end of the buffer");
    }
}
