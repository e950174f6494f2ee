using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Ranges;

/// <summary>
/// Whatever a fault with migration asks for fails, one site after the other, until a run reaches none that does: the fault is served in one
/// memory or the other or cancelled with the reason, no byte is lost, nothing is left, and once all can be had again all goes on.
/// </summary>
public sealed class RangeFailureTests
{
    private const int BlockPages = 512;

    private const FailureSite Move = FailureSite.Range | FailureSite.VideoPages | FailureSite.Dma | FailureSite.Copy | FailureSite.Answer;

    public static TheoryData<string, FailureSite, Failing> Cases
    {
        get
        {
            var cases = new TheoryData<string, FailureSite, Failing>();
            foreach (string name in Programs.Keys)
            {
                cases.Add(name, FailureSite.All, Failing.Once);
                cases.Add(name, FailureSite.All, Failing.FromThenOn);
                foreach (FailureSite kind in Enum.GetValues<FailureSite>().Where(kind => kind != FailureSite.All))
                {
                    cases.Add(name, kind, Failing.FromThenOn);
                }
            }

            return cases;
        }
    }

    private static IReadOnlyDictionary<string, FaultProgram> Programs { get; } = new Dictionary<string, FaultProgram>
    {
        // Written by the CPU, so that all is copied.
        ["written"] = new(32, Touched: [3, 20], Move | FailureSite.Table, static _ => { }),

        // Of half of the range the CPU has nothing.
        ["holes"] = new(16, Touched: [3, 12], Move | FailureSite.Table, static d => d.Mm.Discard(VideoFixture.At(8), 8 * Page.Size)),

        // It was moved, and a page has come home.
        ["mixed"] = new(16, Touched: [0, 5], Move, static d =>
        {
            d.Add(0, 1, atomically: false).ThrowIfFailed();
            d.Read(5);
        }),

        // Others must leave, for which frames of the system's memory are needed.
        ["full"] = new(48, Touched: [33, 1], Move | FailureSite.Frame, static d => d.Add(0, 32, atomically: false).ThrowIfFailed(), PageLimit: 32),

        // A range of which a part was unmapped is cut first.
        ["cut"] = new(BlockPages, Touched: [0, 511], Move, static d =>
        {
            d.Add(0, 1, atomically: false).ThrowIfFailed();
            d.Read(0);
            d.Read(511);
            Assert.Equal(Errno.None, d.Mm.Unmap(VideoFixture.At(100), 50 * Page.Size));
        }),

        // A page that a child shares goes home for a store, and comes back.
        ["shared"] = new(16, Touched: [2], Move | FailureSite.Table | FailureSite.Frame, static d =>
        {
            d.Bind(0, 16);
            d.Fork(out _);
        }, IsSentHome: true),
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_fault_that_lacks_something_is_served_or_cancelled_for_that_reason_and_leaves_nothing(
        string name, FailureSite kinds, Failing failing)
    {
        FaultProgram program = Programs[name];
        FailureSite reached = 0;
        FailureSite failed = FailureSite.All;
        for (int number = 0; failed != 0; number++)
        {
            failed = Run(program, kinds, failing, number);
            reached |= failed;
        }

        Assert.Equal(program.Sites & kinds, reached);
    }

    /// <summary>What launches may be cancelled for.</summary>
    /// <remarks>Whatever a fault of the CPU fails with, a look at its pages tells as EFAULT, as Linux's hmm_vma_fault does.</remarks>
    private static Errno[] ReasonsFor(FaultProgram program, FailureSite kinds, Failing failing) => (kinds, program.IsSentHome) switch
    {
        _ when failing == Failing.Once => [],
        (FailureSite.Copy, true) => [Errno.EIO],
        (FailureSite.Answer, true) => [Errno.ETIMEDOUT],
        (FailureSite.Frame or FailureSite.All, true) => [Errno.ENOMEM, Errno.EFAULT],
        (FailureSite.Copy or FailureSite.Answer or FailureSite.VideoPages or FailureSite.Frame, false) => [],
        _ => [Errno.ENOMEM],
    };

    /// <summary>Runs a program while one site fails.</summary>
    /// <returns>Of which kind it was; 0 if the program has not reached it.</returns>
    private static FailureSite Run(FaultProgram program, FailureSite kinds, Failing failing, int number)
    {
        var sites = new FailureSites(kinds);
        using VideoFixture d = Make(program, sites);
        sites.Fail(number, failing);

        LaunchResult[] results = AddToEach(d, program);
        sites.Open();
        Errno[] reasons = ReasonsFor(program, kinds, failing);
        Assert.All(results.Where(static result => !result.Succeeded), result => Assert.Contains(result.Fault!.Error, reasons));
        CheckOwners(d, program);
        Assert.All(AddToEach(d, program), static result => Assert.Equal(LaunchStatus.Completed, result.Status));
        CheckBytes(d, program, results);
        CheckNothingIsLeft(d, program);
        return sites.Failed;
    }

    private static VideoFixture Make(FaultProgram program, FailureSites sites)
    {
        var d = new VideoFixture(
            new SvmDriverOptions
            {
                Strategy = MirrorStrategies.SizedRanges,
                Ranges = new SvmRangeOptions { Placement = SvmResidency.Device },
            },
            readAround: 1,
            pageLimit: program.PageLimit,
            sites: sites);
        d.Map(0, program.Pages);
        program.Prepare(d);
        return d;
    }

    private static LaunchResult[] AddToEach(VideoFixture d, FaultProgram program) =>
        [.. program.Touched.Select(page => d.Add(page, 1, atomically: false))];

    /// <summary>What is taken of either memory is what the page tables say, and no more frames are mapped for DMA than they have.</summary>
    private static void CheckOwners(VideoFixture d, FaultProgram program)
    {
        d.Memory.Reclaim();
        FrameNumber[] frames =
        [
            .. d.Spaces
                .SelectMany(space => Enumerable.Range(0, program.Pages).Select(page => space.PageTable.Read(VideoFixture.At(page))))
                .Where(entry => (entry.HasFrame || entry.IsDevicePrivate) && entry.Frame != d.Frames.ZeroFrame)
                .Select(static entry => entry.Frame)
                .Distinct(),
        ];
        int onDevice = frames.Count(frame => d.Memory.TryGetDevicePage(frame, out _));
        Assert.Equal(((long)onDevice, (long)(frames.Length - onDevice)), (d.Memory.UsedPages, d.Frames.AllocatedFrames));
        Assert.InRange(d.Gpu.DmaMapper.MappedPages, 0, frames.Length - onDevice);
        Assert.Equal(0, HeldLocks.Count);
    }

    /// <summary>Every page holds what it would hold had nothing failed, but for the launches that were cancelled.</summary>
    private static void CheckBytes(VideoFixture d, FaultProgram program, LaunchResult[] results)
    {
        using VideoFixture other = Make(program, new FailureSites(0));
        AddToEach(other, program);
        string where = d.Where(0, program.Pages);
        for (int page = 0; page < program.Pages; page++)
        {
            if (where[page] != '.')
            {
                int index = Array.IndexOf(program.Touched, page);
                Assert.Equal(other.Read(page) + (index >= 0 && results[index].Succeeded ? 100 : 0), d.Read(page));
            }
        }
    }

    private static void CheckNothingIsLeft(VideoFixture d, FaultProgram program)
    {
        foreach (AddressSpace space in d.Spaces)
        {
            Assert.Equal(Errno.None, space.Unmap(VideoFixture.At(0), (ulong)program.Pages * Page.Size));
        }

        ((SizedRangesStrategy)d.Client.Strategy).CollectGarbage();
        d.Memory.Reclaim();
        Assert.Equal((0, 0, 0L), (d.Client.RangeSpace!.RangeCount, d.Client.RangeSpace.NotifierCount, d.Driver.MappedPages));
        Assert.Equal((0L, 0L, 0L), (d.Gpu.DmaMapper.MappedPages, d.Frames.AllocatedFrames, d.Memory.TakenPages));
    }

    /// <summary>
    /// Pages that the CPU maps and writes, the pages that the GPU adds to while something fails, the kinds of sites that this reaches, and
    /// what is done before.
    /// </summary>
    private sealed record FaultProgram(
        int Pages, int[] Touched, FailureSite Sites, Action<VideoFixture> Prepare, ulong? PageLimit = null, bool IsSentHome = false);
}
