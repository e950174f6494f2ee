namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>Runs random steps on a machine and on a model of it, a dictionary without cleverness, and compares them after each.</summary>
internal sealed class RandomProgram : IDisposable
{
    /// <summary>Pages that programs know, half of them on either side of a 2 MiB boundary.</summary>
    public const int Pages = 32;

    /// <summary>Stands for a page that no GPU of ours translates.</summary>
    public const int Beyond = Pages;

    private const ulong Base = 0x7f00_0020_0000 - (Pages / 2 * Page.Size);
    private const ulong BeyondAddress = 1UL << 52;
    private const ulong ScriptBase = 0x7e00_0000_0000;
    private const int ScriptBytes = 1 << 16;

    private readonly WholeMachine _machine;
    private readonly Protection?[] _rights = new Protection?[Pages];
    private readonly Dictionary<ulong, long> _words = [];
    private int _stored;

    private RandomProgram(SvmDriverOptions driver)
    {
        _machine = new WholeMachine(new SoftwareGpuOptions { Seed = 7, Sms = 2, FaultBufferEntries = 32 }, driver, frames: 4096);
        Errno error = _machine.Mm.Map(ScriptBase, ScriptBytes, Protection.ReadWrite, MapPlacement.Fixed, out _);
        Assert.Equal(Errno.None, error);
    }

    private CpuThread Cpu => _machine.Cpu.Thread(0);

    public static void Run(RandomStep[] steps, SvmDriverOptions driver)
    {
        using var program = new RandomProgram(driver);
        foreach (RandomStep step in steps)
        {
            program.Do(step);
            program.CompareMemory();
        }
    }

    public void Dispose() => _machine.Dispose();

    private static ulong AddressOf(int page) => page == Beyond ? BeyondAddress : Base + ((ulong)page * Page.Size);

    private static bool Allows(Protection? rights, FaultAccess access) => access is FaultAccess.Write or FaultAccess.Atomic
        ? rights == Protection.ReadWrite
        : rights is Protection.Read or Protection.ReadWrite;

    private bool IsAllowed(ThreadAccess access) =>
        access.Access == FaultAccess.Prefetch || (access.Page != Beyond && Allows(_rights[access.Page], access.Access));

    private void Do(RandomStep step)
    {
        int count = Math.Min(step.Count, Pages - step.Page);
        ulong start = AddressOf(step.Page);
        ulong length = (ulong)count * Page.Size;
        switch (step.Kind)
        {
            case RandomStepKind.Map:
                Assert.Equal(Errno.None, _machine.Mm.Map(start, length, step.Protection, MapPlacement.Fixed, out _));
                Forget(step.Page, count, step.Protection);
                break;
            case RandomStepKind.Unmap:
                Assert.Equal(Errno.None, _machine.Mm.Unmap(start, length));
                Forget(step.Page, count, null);
                break;
            case RandomStepKind.Protect:
                Protect(step.Page, count, step.Protection);
                break;
            case RandomStepKind.Store:
                Store(step.Page);
                break;
            case RandomStepKind.Discard:
                Discard(step.Page, count);
                break;
            case RandomStepKind.Fork:
                Fork();
                break;
            default:
                Launch(step.Accesses);
                break;
        }
    }

    private void Forget(int page, int count, Protection? rights)
    {
        for (int i = page; i < page + count; i++)
        {
            _rights[i] = rights;
            ForgetWords(i);
        }
    }

    private void ForgetWords(int page)
    {
        foreach (ulong word in _words.Keys.Where(word => word >> Page.Shift == AddressOf(page) >> Page.Shift).ToArray())
        {
            _words.Remove(word);
        }
    }

    private void Protect(int page, int count, Protection protection)
    {
        Errno error = _machine.Mm.Protect(AddressOf(page), (ulong)count * Page.Size, protection);
        bool isMapped = Enumerable.Range(page, count).All(i => _rights[i] is not null);
        Assert.Equal(isMapped ? Errno.None : Errno.ENOMEM, error);
        if (isMapped)
        {
            Array.Fill(_rights, protection, page, count);
        }
    }

    private void Store(int page)
    {
        if (_rights[page] == Protection.ReadWrite)
        {
            ulong word = AddressOf(page);
            Cpu.Store(word, (long)++_stored);
            _words[word] = _stored;
        }
    }

    private void Discard(int page, int count)
    {
        if (Enumerable.Range(page, count).All(i => _rights[i] is not null))
        {
            Assert.Equal(Errno.None, _machine.Mm.Discard(AddressOf(page), (ulong)count * Page.Size));
            foreach (int i in Enumerable.Range(page, count))
            {
                ForgetWords(i);
            }
        }
    }

    /// <summary>A child comes and goes: what was the process's own is shared for writing by nobody until it is written.</summary>
    private void Fork()
    {
        Assert.Equal(Errno.None, _machine.Mm.TryFork(_machine.NewCpu(), null, out AddressSpace? child));
        child!.Dispose();
    }

    private void Launch(ThreadAccess[] accesses)
    {
        if (accesses.Length == 0)
        {
            return;
        }

        for (int i = 0; i < accesses.Length; i++)
        {
            Cpu.Store(ScriptBase + ((ulong)i * ScriptedAccess.Size), WordOf(accesses[i], i));
            Cpu.Store(ScriptBase + ((ulong)i * ScriptedAccess.Size) + 8, (long)accesses[i].Access);
        }

        var args = new ScriptedAccessArgs(ScriptBase);
        LaunchResult result = _machine.LaunchAsync(ScriptedAccess.Kernel, 1, accesses.Length, args).GetAwaiter().GetResult();
        (int Page, FaultAccess Access)[] forbidden =
        [
            .. accesses.Where(access => !IsAllowed(access)).Select(access => (access.Page, access.Access)),
        ];
        LaunchStatus expected = forbidden.Length == 0 ? LaunchStatus.Completed : LaunchStatus.Faulted;
        Assert.True(expected == result.Status, $"{expected} expected, not {result.Status}: {result.Fault} {result.Exception}");
        if (result.Fault is { } report)
        {
            Assert.True(forbidden.Contains((PageOf(report.Address), report.Access)), $"allowed, yet stopped: {report}");
            Assert.Contains(report.Error, ReasonsFor(PageOf(report.Address)));
        }

        Account(accesses, isComplete: forbidden.Length == 0);
    }

    private Errno[] ReasonsFor(int page) =>
        page == Beyond ? [Errno.EINVAL] :
        _rights[page] == Protection.Read ? [Errno.EPERM] : [Errno.EFAULT];

    /// <summary>What the launch's threads have read, written and added. A stopped launch may have done a part: then memory says which.</summary>
    private void Account(ThreadAccess[] accesses, bool isComplete)
    {
        for (int i = 0; i < accesses.Length; i++)
        {
            (int page, FaultAccess access) = accesses[i];
            if (access == FaultAccess.Prefetch || !IsAllowed(accesses[i]))
            {
                continue;
            }

            ulong word = WordOf(accesses[i], i);
            long before = _words.GetValueOrDefault(word);
            long after = access switch { FaultAccess.Write => 1000 + i, FaultAccess.Atomic => before + 5, _ => before };
            long seen = Cpu.Load<long>(word);
            Assert.True(seen == after || (!isComplete && seen == before), $"word {i} of page {page} is {seen} after {access}, not {after}");
            _words[word] = seen;
            if (isComplete && access == FaultAccess.Read)
            {
                Assert.Equal(before, Cpu.Load<long>(ScriptBase + ((ulong)i * ScriptedAccess.Size) + 16));
            }
        }
    }

    private void CompareMemory()
    {
        foreach ((ulong word, long value) in _words)
        {
            int page = PageOf(word);
            if (Allows(_rights[page], FaultAccess.Read))
            {
                Assert.Equal(value, Cpu.Load<long>(word));
            }
        }
    }

    /// <summary>Each thread has a word of its own in the page; reads look at the first, which the CPU stores.</summary>
    private static ulong WordOf(ThreadAccess access, int thread) =>
        AddressOf(access.Page) + (access.Access == FaultAccess.Read ? 0 : 8UL * (ulong)(thread + 1));

    private static int PageOf(VirtualAddress address) =>
        address.Value >= BeyondAddress ? Beyond : (int)((address.Value - Base) >> Page.Shift);
}
