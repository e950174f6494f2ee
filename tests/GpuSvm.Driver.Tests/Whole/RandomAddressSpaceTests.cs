using FsCheck;
using FsCheck.Fluent;
using GpuSvm.Driver.Tests.Infrastructure;

namespace GpuSvm.Driver.Tests.Whole;

/// <summary>Random launches over random address spaces: the GPU sees what the CPU sees, or is stopped for a true reason.</summary>
public sealed class RandomAddressSpaceTests
{
    private const int Programs = 60;

    private static readonly Gen<int> Pages = Gen.Choose(0, RandomProgram.Pages - 1);

    private static readonly Gen<ThreadAccess[]> Accesses = Gen.ArrayOf(
        from page in Gen.Frequency((9, Pages), (1, Gen.Constant(RandomProgram.Beyond)))
        from kind in Gen.Elements(FaultAccess.Read, FaultAccess.Read, FaultAccess.Write, FaultAccess.Atomic, FaultAccess.Prefetch)
        select new ThreadAccess(page, kind));

    private static readonly Gen<Protection> Protections =
        Gen.Elements(Protection.None, Protection.Read, Protection.ReadWrite, Protection.ReadWrite, Protection.ReadWrite);

    private static readonly Gen<RandomStep> Steps =
        from kind in Gen.Frequency(
            (4, Gen.Constant(RandomStepKind.Map)),
            (1, Gen.Constant(RandomStepKind.Unmap)),
            (1, Gen.Constant(RandomStepKind.Protect)),
            (2, Gen.Constant(RandomStepKind.Store)),
            (1, Gen.Constant(RandomStepKind.Discard)),
            (1, Gen.Constant(RandomStepKind.Fork)),
            (5, Gen.Constant(RandomStepKind.Launch)))
        from page in Pages
        from count in Gen.Choose(1, 12)
        from protection in Protections
        from accesses in Accesses
        select new RandomStep(kind, page, count, protection, kind == RandomStepKind.Launch ? accesses : []);

    public static TheoryData<string> Strategies => [.. MirrorStrategies.All.Select(strategy => strategy.Key)];

    [Theory]
    [MemberData(nameof(Strategies))]
    public void The_GPU_sees_what_the_CPU_sees_or_is_stopped_for_a_true_reason(string strategy)
    {
        var options = new SvmDriverOptions { Strategy = MirrorStrategies.All.Single(one => one.Key == strategy).Value };
        Prop.ForAll(Arb.From(Gen.ArrayOf(Steps), Smaller), steps => RandomProgram.Run(steps, options)).Check(Config.QuickThrowOnFailure.WithMaxTest(Programs));
    }

    /// <summary>The same program with fewer steps, halves first, and with fewer accesses in a launch.</summary>
    private static IEnumerable<RandomStep[]> Smaller(RandomStep[] steps)
    {
        for (int length = steps.Length / 2; length > 0; length /= 2)
        {
            for (int at = 0; at + length <= steps.Length; at += length)
            {
                yield return [.. steps[..at], .. steps[(at + length)..]];
            }
        }

        for (int i = 0; i < steps.Length; i++)
        {
            ThreadAccess[] accesses = steps[i].Accesses;
            for (int at = 0; accesses.Length > 1 && at < accesses.Length; at++)
            {
                RandomStep less = steps[i] with { Accesses = [.. accesses[..at], .. accesses[(at + 1)..]] };
                yield return [.. steps[..i], less, .. steps[(i + 1)..]];
            }
        }
    }
}
