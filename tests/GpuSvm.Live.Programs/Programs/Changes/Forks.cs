using GpuSvm.Core;
using GpuSvm.Live.Programs.Infrastructure;
using static GpuSvm.Live.Programs.Changes.ChangedBuffer;

namespace GpuSvm.Live.Programs.Changes;

/// <summary>What a child and its parent see of each other, and what is left of a child that ends.</summary>
internal static class Forks
{
    private static readonly VirtualAddress First = Changing.Far;
    private static readonly VirtualAddress Second = Changing.Far + (4 * Bytes);

    /// <summary>Where parent and child say how far they are; another page of a buffer of their own.</summary>
    private static readonly VirtualAddress Flags = Changing.Far + (16 * Bytes);

    private static ulong Said => Flags;

    private static ulong Heard => At(Flags, 1);

    public static async Task SharesAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Expect, At(First, 3), 1103),
            new(ChildAction.Store, At(First, 3) + 4, 33),
            new(ChildAction.Store, At(First, 5), 55),
            new(ChildAction.Store, Said, 1),
            new(ChildAction.Await, Heard, 1),
            new(ChildAction.Expect, At(First, 6), 66),
            new(ChildAction.Expect, At(First, 7), 1207),
            new(ChildAction.Store, At(First, 7), 77),
        ]);
        Await(b, 1);
        Check.Equal((1103, 33, 55), (b.Svm.Word(First, 3), b.Svm.Span<int>(At(First, 3), 2)[1], b.Svm.Word(First, 5)), "what the child stored");
        b.Svm.Word(First, 6) = 66;
        (await b.Svm.AddAsync(At(First, 7), 1, 100)).ThrowIfFailed();
        b.Svm.Word(Flags, 1) = 1;
        Check.Equal(0, ForkedChild.End(child), "the child");
        await b.DemandAsync(At(First, 7), 1, 77, "what the child stored after the GPU");
        await DemandNothingLeftAsync(b);
    }

    /// <summary>What the child unmaps its parent still has.</summary>
    public static async Task UnmapsAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Store, At(First, 2), 22),
            new(ChildAction.Unmap, First, (int)Bytes),
        ]);
        Check.Equal(0, ForkedChild.End(child), "the child");
        Check.Equal(22, b.Svm.Word(First, 2), "what the child stored");
        await b.DemandAsync(At(First, 3), 5, 1103, "what the child has unmapped");
        await DemandNothingLeftAsync(b);
    }

    /// <summary>What the parent unmaps the child still has, touched or not; it is freed when the child ends.</summary>
    public static async Task OutlivesMappingAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Await, Heard, 1),
            new(ChildAction.Expect, At(First, 1), 1101),
            new(ChildAction.Store, At(First, 2), 22),
            new(ChildAction.Store, Said, 1),
            new(ChildAction.Await, Heard, 2),
            new(ChildAction.Expect, At(First, 2), 22),
            new(ChildAction.Expect, At(First, 7), 7),
        ]);
        b.Svm.Word(First, 7) = 7;
        RawCalls.Unmap(First, Bytes);
        await b.Svm.DemandFaultAsync(At(First, 1), "unmapped by the app");
        Check.Equal(2, ProcessView.Buffers(b.Svm.EngineProcessId), "buffers while the child has one");
        b.Svm.Word(Flags, 1) = 1;
        Await(b, 1);
        b.Svm.Word(Flags, 1) = 2;
        Check.Equal(0, ForkedChild.End(child), "the child");
        await DemandOwnLeftAsync(b);
    }

    public static async Task MovesAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Expect, First, 1100),
            new(ChildAction.Move, First, (int)Bytes, Second),
            new(ChildAction.Expect, At(Second, 1), 1101),
            new(ChildAction.Store, At(Second, 2), 22),
            new(ChildAction.Store, Said, 1),
            new(ChildAction.Await, Heard, 1),
            new(ChildAction.Expect, At(Second, 3), 1203),
            new(ChildAction.Store, At(Second, 3), 33),
        ]);
        Await(b, 1);
        Check.Equal(22, b.Svm.Word(First, 2), "what the child stored");
        (await b.Svm.AddAsync(At(First, 3), 1, 100)).ThrowIfFailed();
        b.Svm.Word(Flags, 1) = 1;
        Check.Equal(0, ForkedChild.End(child), "the child");
        await b.DemandAsync(At(First, 3), 1, 33, "what the child stored after the GPU");
        await DemandNothingLeftAsync(b);
    }

    /// <summary>A discard is for all: the memory is shared.</summary>
    public static async Task DiscardsAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Expect, At(First, 2), 1102),
            new(ChildAction.Discard, At(First, 2), 2 * (int)Page.Size),
            new(ChildAction.Expect, At(First, 2), 0),
            new(ChildAction.Store, Said, 1),
            new(ChildAction.Await, Heard, 1),
            new(ChildAction.Expect, At(First, 5), 0),
        ]);
        Await(b, 1);
        await b.DemandAsync(At(First, 2), 2, null, "what the child has discarded");
        RawCalls.Advise(At(First, 5), Page.Size, RawCalls.DontNeed);

        // Another process sees a discard when the engine has acted on it.
        await b.Svm.CountersAsync();
        b.Svm.Word(Flags, 1) = 1;
        Check.Equal(0, ForkedChild.End(child), "the child");
        await b.DemandAsync(At(First, 6), 2, 1106, "what nobody has discarded");
        await DemandNothingLeftAsync(b);
    }

    /// <summary>Parent, child and GPU count in words of the same page, which goes to and fro: no store is lost.</summary>
    public static async Task CountsAsync(ChangedBuffer b)
    {
        const int Rounds = 100;
        const int Most = 2_000_000;
        await StartAsync(b);
        int child = ForkedChild.Start([new(ChildAction.Count, At(First, 4) + 8, Most)]);
        int mine = 0;
        for (int i = 0; i < Rounds; i++)
        {
            (await b.Svm.AddAsync(At(First, 4), 1, 1)).ThrowIfFailed();
            for (int n = 0; n < 100; n++)
            {
                b.Svm.Span<int>(At(First, 4), 2)[1]++;
                mine++;
            }
        }

        Check.Equal(0, ForkedChild.End(child), "the child");
        Span<int> words = b.Svm.Span<int>(At(First, 4), 3);
        Check.Equal((1104 + Rounds, mine, Most), (words[0], words[1], words[2]), "counts of the GPU, the parent and the child");
        await DemandNothingLeftAsync(b);
    }

    public static async Task IsKilledAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start(
        [
            new(ChildAction.Store, Said, 1),
            new(ChildAction.Count, At(First, 1), int.MaxValue),
        ]);
        Await(b, 1);
        for (int i = 0; i < 20; i++)
        {
            (await b.Svm.AddAsync(At(First, 2), 2, 1)).ThrowIfFailed();
            RawCalls.Advise(At(First, 1), Page.Size, RawCalls.DontNeed);
        }

        RawCalls.Signal(child, RawCalls.SignalKill);
        Check.Equal(128 + RawCalls.SignalKill, ForkedChild.End(child), "the child");
        await b.DemandAsync(At(First, 2), 2, 1122, "pages that the child did not touch");
        await DemandNothingLeftAsync(b);
    }

    public static async Task ExecsAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        int child = ForkedChild.Start([new(ChildAction.Store, First, 1), new(ChildAction.Become, First, 0)]);
        Check.Equal(0, ForkedChild.End(child), "the child, as another program");
        Check.Equal(1, b.Svm.Word(First, 0), "what the child stored");
        await DemandNothingLeftAsync(b);
    }

    /// <summary>Many children, one after another and at once.</summary>
    public static async Task ManyAsync(ChangedBuffer b)
    {
        await StartAsync(b);
        for (int round = 0; round < 4; round++)
        {
            int[] children = [.. Enumerable.Range(0, 5).Select(i => ForkedChild.Start([new(ChildAction.Count, At(First, i) + 64, 1000)]))];
            (await b.Svm.AddAsync(First, Pages, 1)).ThrowIfFailed();
            Array.ForEach(children, child => Check.Equal(0, ForkedChild.End(child), "a child"));
        }

        for (int i = 0; i < 5; i++)
        {
            Check.Equal((1104 + i, 4000), (b.Svm.Word(First, i), b.Svm.Span<int>(At(First, i), 32)[16]), $"page {i}");
        }

        await DemandNothingLeftAsync(b);
    }

    private static async Task StartAsync(ChangedBuffer b)
    {
        Check.Equal(Errno.None, b.Svm.TryMap(Flags, 2 * Page.Size, Protection.ReadWrite, out VirtualAddress flags), "mapping");
        Check.Equal(Flags, flags, "place");
        b.Svm.Word(Flags, 0) = 0;
        b.Svm.Word(Flags, 1) = 0;
        await b.MapAsync(First);
    }

    private static void Await(ChangedBuffer b, int said) =>
        Check.Within(TimeSpan.FromSeconds(60), () => Volatile.Read(ref b.Svm.Word(Flags, 0)) == said, "the child says how far it is");

    /// <summary>Once the child is gone the app's own mappings alone hold memory.</summary>
    private static async Task DemandNothingLeftAsync(ChangedBuffer b)
    {
        RawCalls.Unmap(First, Bytes);
        await b.Svm.DemandFaultAsync(First, "unmapped in the end");
        await DemandOwnLeftAsync(b);
    }

    /// <summary>Not at once: who reads what the child maps has its memory for a moment longer.</summary>
    private static async Task DemandOwnLeftAsync(ChangedBuffer b)
    {
        (int Buffers, long Pages, int Userfaultfds) own = (1, 2, 1);
        (int, long, int) left;
        Deadline end = Clock.Monotonic.After(TimeSpan.FromSeconds(20));
        do
        {
            await b.Svm.CountersAsync();
            int engine = b.Svm.EngineProcessId;
            left = (ProcessView.Buffers(engine), b.PagesHeld, ProcessView.Userfaultfds(engine));
        }
        while (left != own && !end.HasPassed);

        Check.Equal(own, left, "buffers, pages and userfaultfds in the end");
    }
}
