using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using static GpuSvm.Live.Programs.Changes.ChangedBuffer;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>Pages that a program gives up or replaces: their bytes are gone on both sides.</summary>
internal static class Losses
{
    private static readonly VirtualAddress First = Changing.Far;
    private static readonly VirtualAddress Second = Changing.Far + (4 * Bytes);

    public static Task DiscardAsync(ChangedBuffer b) => AdviseAsync(b, RawCalls.DontNeed);

    public static Task RemoveAsync(ChangedBuffer b) => AdviseAsync(b, RawCalls.Remove);

    public static async Task ReplaceAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        RawCalls.Replace(At(First, 2), 3 * Page.Size);
        await b.Svm.DemandFaultAsync(At(First, 2), "private memory in the middle of a buffer");
        Check.Equal((byte)0, RawCalls.Read(At(First, 4)), "private memory");
        await b.DemandAsync(First, 2, 1100, "before it");
        await b.DemandAsync(At(First, 5), 3, 1105, "behind it");
        Check.Equal(5, b.PagesHeld, "pages held");
        RawCalls.Replace(First, Bytes);
        await b.Svm.DemandFaultAsync(First, "private memory in place of a buffer");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
    }

    /// <summary>One mmap over the end of one buffer, a hole, and the beginning of the next.</summary>
    public static async Task ReplaceTwoAsync(ChangedBuffer b)
    {
        await b.MapAsync(First);
        await b.MapAsync(First + Bytes + Page.Size);
        RawCalls.Replace(At(First, 6), 5 * Page.Size);
        await b.Svm.DemandFaultAsync(At(First, 7), "the end of the first");
        await b.Svm.DemandFaultAsync(At(First, 10), "the beginning of the second");
        await b.DemandAsync(First, 6, 1100, "what is left of the first");
        await b.DemandAsync(At(First, 11), 6, 1102, "what is left of the second");
        Check.Equal((2, 12L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages");
    }

    /// <summary>What was moved is known to the session by its new address, and given back there.</summary>
    public static async Task UnmapMovedAsync(ChangedBuffer b)
    {
        using SvmBuffer<int> buffer = b.Svm.Allocate<int>(Pages * 1024);
        buffer.Span[1024] = 5;
        RawCalls.Remap(buffer.Address, Bytes, Bytes, RawCalls.MoveFixed, Second);
        Check.Equal(5, b.Svm.Span<int>(At(Second, 1), 1024)[0], "a span of the new place");
        b.Svm.Unmap(At(Second, 4), 4 * Page.Size);
        await b.Svm.DemandFaultAsync(At(Second, 4), "unmapped by the session");
        Check.Equal(5, b.Svm.Word(Second, 1), "what is left");
        buffer.Dispose();
        Check.Equal((byte)0, RawCalls.Read(At(Second, 1)), "the new place of a buffer that is disposed of");
        await b.Svm.DemandFaultAsync(Second, "that place");
        Check.Equal((0, 0L), (ProcessView.Buffers(b.Svm.EngineProcessId), b.PagesHeld), "buffers and pages in the end");
    }

    private static async Task AdviseAsync(ChangedBuffer b, int advice)
    {
        await b.MapAsync(First);
        RawCalls.Advise(At(First, 1), 2 * Page.Size, advice);
        Check.Equal(0, b.Svm.Word(First, 1), "the CPU's look at a page that is given up");
        await b.DemandAsync(At(First, 1), 2, null, "given up");
        RawCalls.Advise(At(First, 3), Page.Size, advice);
        await b.DemandAsync(At(First, 3), 1, null, "given up, and the GPU looks first");
        await b.DemandAsync(First, 1, 1100, "before it");
        await b.DemandAsync(At(First, 4), 4, 1104, "behind it");
        RawCalls.Advise(First, Bytes, advice);
        await b.Svm.CountersAsync();

        // One at most: a fault from before that is told twice, or was put off, is served after all, with a page of zeros.
        long held = b.PagesHeld;
        Check.That(held <= 1, $"{held} pages are held when all is given up");
        await b.DemandAsync(First, Pages, null, "all is given up");
    }
}
