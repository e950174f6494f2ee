using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Faults;

/// <summary>
/// Each allocation of the GPU's own memory fails once, or from then on, during a fault and during a bind. The fault is served or cancelled
/// with the reason, no byte is lost, and once there is memory again all goes on. The fixture sees that nothing is left.
/// </summary>
public sealed class VideoMemoryFailureTests
{
    private const int Blocks = 3;
    private const int BlockPages = 512;

    // Three directories, and a table for each block; the root was there.
    private const int Tables = 3 + Blocks;

    public static TheoryData<string> Strategies => StrategyCases.All;

    [Theory]
    [MemberData(nameof(Strategies))]
    public void A_fault_that_cannot_have_a_table_at_once_is_served_or_cancelled_for_that_reason(string strategy)
    {
        for (int failing = 1; failing <= Tables; failing++)
        {
            var gate = new FailureGate(VideoAllocation.Table);
            using VideoFixture d = Make(strategy, gate);
            gate.FailOnly(failing);

            LaunchResult[] results = AddToEachBlock(d);

            Assert.Equal(1, gate.Failures);
            CheckReasons(results);
            Assert.InRange(results.Count(static result => result.Succeeded), Blocks - 1, Blocks);
            CheckAllIsServed(d, results);
        }
    }

    [Theory]
    [MemberData(nameof(Strategies))]
    public void Faults_without_memory_for_their_tables_are_cancelled_for_that_reason_until_there_is_some(string strategy)
    {
        int[] needed = TablesNeeded(strategy);
        for (int first = 1; first <= needed[^1]; first++)
        {
            var gate = new FailureGate(VideoAllocation.Table);
            using VideoFixture d = Make(strategy, gate);
            gate.FailFrom(first);

            LaunchResult[] results = AddToEachBlock(d);

            CheckReasons(results);
            int served = needed.Count(tables => tables < first);
            Assert.Equal((served, Blocks - served), (results.Count(static result => result.Succeeded), (int)d.Driver.Counters.Cancels));
            gate.Open();
            CheckAllIsServed(d, results);
        }
    }

    [Theory]
    [InlineData(VideoAllocation.Table)]
    [InlineData(VideoAllocation.Pages)]
    public void A_bind_that_lacks_memory_says_how_many_pages_it_moved_and_loses_no_byte(VideoAllocation what)
    {
        int sites = 0;
        for (int failing = 1; ; failing++)
        {
            var gate = new FailureGate(what);
            using VideoFixture d = Make("table-aligned", gate);
            gate.FailOnly(failing);

            BindResult bound = d.Bind(0, Blocks * BlockPages);

            Assert.Equal(VideoFixture.Where(d.Mm, 0, Blocks * BlockPages).Count(static place => place == 'V'), bound.Pages);
            gate.Open();
            CheckAllIsServed(d, []);
            if (gate.Failures == 0)
            {
                break;
            }

            sites++;
        }

        Assert.Equal(what == VideoAllocation.Table ? Tables : Blocks, sites);
    }

    private static VideoFixture Make(string strategy, FailureGate gate)
    {
        var d = new VideoFixture(StrategyCases.On(strategy), gate: gate.May);
        d.Map(0, Blocks * BlockPages, written: 0);
        for (int block = 0; block < Blocks; block++)
        {
            d.Cpu.Thread(0).Store(VideoFixture.At(block * BlockPages), block + 1L);
        }

        return d;
    }

    /// <summary>How many tables have been asked for when each block has been served.</summary>
    private static int[] TablesNeeded(string strategy)
    {
        var gate = new FailureGate(VideoAllocation.Table);
        using VideoFixture d = Make(strategy, gate);
        int before = gate.Asked;
        return [.. Enumerable.Range(0, Blocks).Select(block => (d.Add(block * BlockPages, 1, atomically: false), gate.Asked - before).Item2)];
    }

    private static LaunchResult[] AddToEachBlock(VideoFixture d) =>
        [.. Enumerable.Range(0, Blocks).Select(block => d.Add(block * BlockPages, 1, atomically: false))];

    private static void CheckReasons(LaunchResult[] results) => Assert.All(
        results.Where(static result => !result.Succeeded),
        static result => Assert.Equal((LaunchStatus.Faulted, Errno.ENOMEM), (result.Status, result.Fault!.Error)));

    /// <summary>The GPU adds to each block once more, and the CPU reads what was added then and before.</summary>
    private static void CheckAllIsServed(VideoFixture d, LaunchResult[] before)
    {
        Assert.All(AddToEachBlock(d), static result => Assert.Equal(LaunchStatus.Completed, result.Status));
        for (int block = 0; block < Blocks; block++)
        {
            int times = 1 + (block < before.Length && before[block].Succeeded ? 1 : 0);
            Assert.Equal(block + 1 + (100 * times), d.Read(block * BlockPages));
        }
    }
}
