using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <content>Whatever runs out, a failing call changes nothing.</content>
public abstract partial class EngineTests<TFormat>
{
    // More than any call here asks for.
    private const int ManyAttempts = 100;

    [Fact]
    public void A_creation_that_fails_leaves_nothing()
    {
        var journal = new Journal();
        var memory = new RecordingPageTableMemory(journal);
        memory.Failures.Allowed = 0;
        Assert.Equal(Errno.ENOMEM, GpuAddressSpace.TryCreate<TFormat>(
            memory, new RecordingDmaMapper(journal), new RecordingTlb(journal), new GpuAddressSpaceOptions(), out GpuAddressSpace? space));
        Assert.Equal((null, 0), (space, memory.LiveBytes));
    }

    [Fact]
    public void A_map_that_fails_changes_nothing()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory))
        {
            FailEverywhere(
                f => (f.Get(4 * type.Size, type.Shift), f.Get(0x1000, 12)),
                (f, at) => f.Space.Map(at.Item1 + type.Size, 2 * type.Size, FormatRig<TFormat>.Video(Target, 2 * type.Size, type.Shift)),
                (f, at) => f.ExpectPages(at.Item1 + type.Size, 2 * type.Size, type.Shift, Target));
        }
    }

    [Fact]
    public void A_get_that_fails_changes_nothing()
    {
        ulong size = (2 * FormatRig<TFormat>.Block) + FormatRig<TFormat>.LargePage;
        FailEverywhere(
            _ => (0UL, 0UL),
            (f, _) => f.TryGet(size, FormatRig<TFormat>.LargeShift, flags: GetFlags.References),
            (f, _) => Assert.True(f.Space.PageTableBytes > FormatRig<TFormat>.RootBytes));
        if (FormatRig<TFormat>.HasSparse)
        {
            FailEverywhere(
                f => (f.Get(0x3000, 12), 0),
                (f, _) => f.TryGet(size, flags: SparseArea),
                (f, at) => f.ExpectKind(PageTableEntryKind.Sparse, at.Item1 + 0x3000, 0x4000));
        }
    }

    [Fact]
    public void A_pfn_map_that_fails_changes_nothing_and_clears_the_valid_bits()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.Pfn))
        {
            FailEverywhere(
                f => (f.Get(2 * FormatRig<TFormat>.Block, align: type.Shift), 0),
                (f, at) =>
                {
                    PfnEntry[] pfns = [PfnEntry.VideoMemory(Target, ReadWrite)];
                    Errno error = f.Space.PfnMap(type.Shift, at.Item1 + type.Size, pfns);
                    Assert.Equal(error == Errno.None, pfns[0].IsValid);
                    return error;
                },
                (f, at) => f.ExpectPages(at.Item1 + type.Size, type.Size, type.Shift, Target));
        }
    }

    /// <summary>Runs a call again and again, with the first, the second, … allocation of each kind refused, until none is.</summary>
    private static void FailEverywhere(
        Func<FormatRig<TFormat>, (ulong, ulong)> prepare,
        Func<FormatRig<TFormat>, (ulong, ulong), Errno> call,
        Action<FormatRig<TFormat>, (ulong, ulong)> verify)
    {
        foreach (bool records in (bool[])[true, false])
        {
            using var f = new FormatRig<TFormat>();
            (ulong, ulong) at = prepare(f);
            long bytes = f.Space.PageTableBytes;
            FailurePoint point = records ? f.RecordFailures : f.Memory.Failures;
            Errno error = Errno.ENOMEM;
            int failures = 0;
            for (; error != Errno.None && failures < ManyAttempts; failures++)
            {
                point.Allowed = failures;
                error = call(f, at);
                point.Allowed = -1;
                if (error != Errno.None)
                {
                    Assert.Equal(Errno.ENOMEM, error);
                    Assert.Equal((bytes, bytes), (f.Space.PageTableBytes, f.Memory.LiveBytes));
                    Assert.Equal((0, 0), (f.Space.MappedPages, f.Dma.MappedPages));
                    Assert.Equal(PageTableEntryKind.Invalid, f.Kind(at.Item1));
                    Assert.Empty(f.Space.Check());
                }
            }

            Assert.InRange(failures, 2, ManyAttempts - 1);
            verify(f, at);
        }
    }
}
