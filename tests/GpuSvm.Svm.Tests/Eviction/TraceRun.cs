namespace GpuSvm.Svm.Tests.Eviction;

/// <summary>Plays a trace of uses on a machine whose device is short of memory: what is not there comes, what is there is reported as used, or not.</summary>
internal sealed class TraceRun(int blocksThatFit, int blocks, Func<IEvictionPolicy> policy) : IDisposable
{
    private const int PagesPerBlock = 1;

    private readonly TestMachine _machine = Make(blocksThatFit, blocks, policy);

    /// <summary>Allocations that have left for others so far.</summary>
    public long Evictions => _machine.Memory.Counters.Evictions;

    public DeviceMemoryCounters Counters => _machine.Memory.Counters;

    /// <summary>The first address of each block of a trace, as <see cref="FarthestUsePolicy"/> wants it.</summary>
    public static VirtualAddress[] AddressesOf(int[] trace) => [.. trace.Select(block => (VirtualAddress)TestMachine.AddressOf(block * PagesPerBlock))];

    /// <summary>Plays a trace.</summary>
    /// <param name="trace">Numbers of blocks.</param>
    /// <param name="reports">Whether uses of what is there are reported.</param>
    public void Play(ReadOnlySpan<int> trace, bool reports)
    {
        foreach (int block in trace)
        {
            DeviceMigrationResult result = _machine.ToDevice(block * PagesPerBlock, PagesPerBlock);
            Assert.Equal(Errno.None, result.Error);
            if (reports && result.Pages == 0)
            {
                _machine.Touch(block * PagesPerBlock);
            }
        }
    }

    /// <summary>Looks whether each page holds what the CPU has stored there.</summary>
    public void AssertNothingLost(int count) =>
        Assert.Equal(Enumerable.Range(1, count * PagesPerBlock).Select(i => (long)i), Enumerable.Range(0, count * PagesPerBlock).Select(_machine.Read));

    public void Dispose() => _machine.Dispose();

    private static TestMachine Make(int blocksThatFit, int blocks, Func<IEvictionPolicy> policy)
    {
        var machine = new TestMachine((ulong)(blocksThatFit * PagesPerBlock), new DeviceMemoryOptions { Eviction = policy });
        machine.Map(blocks * PagesPerBlock);
        machine.Write(0, blocks * PagesPerBlock);
        return machine;
    }
}
