using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Tests;

/// <summary>Random programs of CPU and GPU steps do what the same steps do to a dictionary of pages.</summary>
public sealed class RandomProgramTests
{
    private const int Pages = 12;
    private const ulong First = 0x7f00_0000_0000 - (5 * 4096);

    private static readonly Gen<Step> Steps =
        from kind in Gen.Elements(Enum.GetValues<StepKind>())
        from first in Gen.Choose(0, Pages - 1)
        from count in Gen.Choose(1, 4)
        from value in Gen.Choose(1, 1_000_000)
        from protection in Gen.Elements(Protection.None, Protection.Read, Protection.ReadWrite, Protection.ReadWrite)
        select new Step(kind, first, Math.Min(count, Pages - first), value, protection);

    [Theory]
    [InlineData(ExecutionMode.Sequential, 300)]
    [InlineData(ExecutionMode.Parallel, 100)]
    public void A_machine_does_what_a_dictionary_of_pages_does(ExecutionMode mode, int programs)
    {
        // FsCheck prints the seed and the shortest program that fails.
        Gen<Step[]> program = Gen.Choose(1, 60).SelectMany(length => Gen.ArrayOf(Steps, length));
        Prop.ForAll(Arb.From(program, Shorter), steps => RunAsync(mode, steps).GetAwaiter().GetResult())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(programs));
    }

    /// <summary>The program without each of its halves, quarters, … and single steps.</summary>
    private static IEnumerable<Step[]> Shorter(Step[] steps)
    {
        for (int size = steps.Length / 2; size >= 1; size /= 2)
        {
            for (int at = 0; at + size <= steps.Length; at += size)
            {
                yield return [.. steps[..at], .. steps[(at + size)..]];
            }
        }
    }

    private static async Task RunAsync(ExecutionMode mode, Step[] steps)
    {
        using var m = new Machine(new MachineOptions { Sms = 2, Execution = mode, FaultBufferEntries = 4, SystemMemory = ByteSize.MiB(4) });
        SimulatedProcess p = m.StartProcess();
        VirtualAddress result = p.Map(4096, Protection.ReadWrite);
        var model = new PageModel();
        foreach (Step step in steps)
        {
            ulong size = (ulong)step.Count * 4096;
            VirtualAddress at = First + ((ulong)step.First * 4096);
            switch (step.Kind)
            {
                case StepKind.Map:
                    Assert.Equal(Errno.None, p.TryMap(at, size, step.Protection, MapPlacement.Fixed, out _));
                    model.Map(step);
                    break;
                case StepKind.Unmap:
                    Assert.Equal(Errno.None, p.TryUnmap(at, size));
                    model.Unmap(step);
                    break;
                case StepKind.Protect:
                    Assert.Equal(model.Protect(step), p.TryProtect(at, size, step.Protection));
                    break;
                case StepKind.CpuStore:
                    // A CPU has one answer for memory that is not there and memory that may not be written: SIGSEGV.
                    Errno expected = model.Store(step.First, step.Value);
                    Assert.Equal(expected == Errno.EPERM ? Errno.EFAULT : expected, CpuStore(p, at, step.Value));
                    break;
                case StepKind.GpuStore:
                    LaunchResult stored = await m.Gpu.LaunchAsync(p, StoreAsync, 1, 1, new StoreArgs(at, step.Value));
                    Assert.Equal(model.Store(step.First, step.Value), stored.Fault?.Error ?? Errno.None);
                    break;
                default:
                    p.Cpu(0).Store(result, 0L);
                    LaunchResult summed = await m.Gpu.LaunchAsync(p, SumAsync, 1, step.Count, new SumArgs(at, 0, result));
                    (Errno error, long sum) = model.Sum(step);
                    Assert.Equal(error, summed.Fault?.Error ?? Errno.None);
                    Assert.True(error != Errno.None || p.Cpu(1).Load<long>(result) == sum, "the GPU sees what the model holds");
                    break;
            }
        }
    }

    private static Errno CpuStore(SimulatedProcess p, VirtualAddress at, int value)
    {
        try
        {
            p.Cpu(0).Store(at, value);
            return Errno.None;
        }
        catch (SvmException refused)
        {
            return refused.Error;
        }
    }

    private static async GpuTask StoreAsync(GpuThread t, StoreArgs a) => await t.Store(a.Address, a.Value);

    private static async GpuTask SumAsync(GpuThread t, SumArgs a) =>
        await t.AtomicAdd(a.Result, (long)await t.Load<int>(a.Base + (4096 * t.GlobalIndex)));

    private readonly record struct StoreArgs(VirtualAddress Address, int Value);

    private sealed record Step(StepKind Kind, int First, int Count, int Value, Protection Protection);

    private enum StepKind
    {
        Map,
        Unmap,
        Protect,
        CpuStore,
        GpuStore,
        GpuSum,
    }

    /// <summary>What each page holds in its first word, and what may be done with it.</summary>
    private sealed class PageModel
    {
        private readonly Dictionary<int, (Protection Protection, int Value)> _pages = [];

        public void Map(Step step) => ForEach(step, page => _pages[page] = (step.Protection, 0));

        public void Unmap(Step step) => ForEach(step, page => _pages.Remove(page));

        public Errno Protect(Step step)
        {
            if (!Enumerable.Range(step.First, step.Count).All(_pages.ContainsKey))
            {
                return Errno.ENOMEM;
            }

            ForEach(step, page => _pages[page] = (step.Protection, _pages[page].Value));
            return Errno.None;
        }

        public Errno Store(int page, int value)
        {
            Errno error = Access(page, Protection.Write);
            if (error == Errno.None)
            {
                _pages[page] = (_pages[page].Protection, value);
            }

            return error;
        }

        public (Errno Error, long Sum) Sum(Step step)
        {
            long sum = 0;
            for (int page = step.First; page < step.First + step.Count; page++)
            {
                if (Access(page, Protection.Read) is Errno error and not Errno.None)
                {
                    return (error, 0);
                }

                sum += _pages[page].Value;
            }

            return (Errno.None, sum);
        }

        private Errno Access(int page, Protection wanted) =>
            !_pages.TryGetValue(page, out (Protection Protection, int Value) entry) || (entry.Protection & Protection.Read) == 0 ? Errno.EFAULT :
            (entry.Protection & wanted) == wanted ? Errno.None : Errno.EPERM;

        private static void ForEach(Step step, Action<int> action)
        {
            for (int page = step.First; page < step.First + step.Count; page++)
            {
                action(page);
            }
        }
    }
}
