using FsCheck;
using FsCheck.Fluent;
using GpuSvm.Core;
using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Random sequences of operations on a space of one format and on its model.</summary>
internal static class ModelRun
{
    /// <summary>Calls of all runs together: this many at least.</summary>
    public const int CallsInAll = 1_000_000;

    private const int CallsInEach = 2000;

    // All 64 bits at once: what FsCheck draws by itself begins small.
    private static readonly Gen<ulong> Seeds =
        from high in Gen.Choose(0, int.MaxValue)
        from low in Gen.Choose(0, int.MaxValue)
        select ((ulong)high << 32) | (uint)low;

    /// <summary>Makes a number of calls, in sequences of 2,000, each on a new space.</summary>
    public static void Make<TFormat>(int wanted, ITestOutputHelper output)
        where TFormat : struct, IPageTableFormat
    {
        long calls = 0;
        var failures = new long[Enum.GetValues<FailureSite>().Length];
        Prop.ForAll(Seeds.ToArbitrary(), seed =>
        {
            var random = new SeededRandom(seed);
            Shape shape = DrawShape<TFormat>(random);
            var done = new List<Operation>(CallsInEach);
            try
            {
                Draw<TFormat>(random, shape, done, failures);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.XunitException)
            {
                Shrink<TFormat>(seed, new Sequence(shape, done), exception);
            }

            calls += CallsInEach;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(wanted / CallsInEach).WithName($"{TFormat.Name} equals its model"));
        output.WriteLine($"{calls} calls; failures: {string.Join(", ", failures.Select((n, site) => $"{(FailureSite)site} {n}"))}");
        Assert.True(calls >= wanted, $"{calls} calls");
        long[] possible = HasPfns<TFormat>() ? failures : failures[..(int)FailureSite.Dma];
        Assert.All(possible, n => Assert.InRange(n, wanted / 5000, calls));
    }

    /// <summary>Makes random calls, and keeps a list of them for the case that they have to be made again.</summary>
    private static void Draw<TFormat>(SeededRandom random, Shape shape, List<Operation> done, long[] failures)
        where TFormat : struct, IPageTableFormat
    {
        var twins = new Twins<TFormat>(shape);
        var source = new OperationSource<TFormat>(random, twins.Model, twins.Objects);
        var next = new List<Operation>();
        for (int i = 0; i < CallsInEach; i++)
        {
            source.Draw(next);
            foreach (Operation operation in next)
            {
                done.Add(operation);
                twins.Do(operation);
            }
        }

        twins.End();
        for (int site = 0; site < failures.Length; site++)
        {
            failures[site] += twins.Failures[site];
        }
    }

    private static bool HasPfns<TFormat>()
        where TFormat : struct, IPageTableFormat =>
        Enumerable.Range(0, TFormat.PageTypeCount).Any(static type => TFormat.PageType(type).Can(PageTypeUses.Pfn));

    private static Shape DrawShape<TFormat>(SeededRandom random)
        where TFormat : struct, IPageTableFormat
    {
        ulong limit = 1UL << TFormat.AddressBits;
        ulong boundary = 1UL << TFormat.Directory(random.Next(TFormat.LevelCount - 1)).Shift;
        ulong size = (ulong)(random.Next(16) + 1) << 20;
        ulong start = boundary - Math.Min(boundary, size / 2);
        ulong off = random.Next(4) == 0 ? random.Next(8192UL) : 0;
        int spare = random.Next(3) == 0 ? 4 : 0;
        return random.Next(5) switch
        {
            0 => new Shape(GpuAddressSpaceManagement.Unmanaged, 0, 0, spare),
            1 => new Shape(GpuAddressSpaceManagement.Unmanaged, start + off, size - (2 * off), spare),
            2 => new Shape(GpuAddressSpaceManagement.Managed, 0, 0, spare),
            3 => new Shape(GpuAddressSpaceManagement.Managed, limit - size, size, spare),
            _ => new Shape(GpuAddressSpaceManagement.Managed, start + off, size, spare),
        };
    }

    private static void Shrink<TFormat>(ulong seed, Sequence sequence, Exception exception)
        where TFormat : struct, IPageTableFormat
    {
        Prop.ForAll(Arb.From(Gen.Constant(sequence), Sequence.Shrink), static s => s.Replay<TFormat>())
            .Check(Config.QuickThrowOnFailure.WithMaxTest(1).WithName($"seed {seed}"));
        throw new DisagreementException($"seed {seed} disagrees once, and not when it is replayed: {exception}");
    }
}
