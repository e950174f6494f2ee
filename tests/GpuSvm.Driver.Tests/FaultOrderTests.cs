using FsCheck;
using FsCheck.Fluent;

namespace GpuSvm.Driver.Tests;

/// <summary>The order in which a batch is served is total, and the strongest access of a page comes first.</summary>
public sealed class FaultOrderTests
{
    private static readonly Gen<FaultEntry> Faults =
        from instance in Gen.Choose(1, 3)
        from high in Gen.Elements(0UL, 0x1000UL, 0x7fff_0000_0000UL, 0x1_0000_0000_0000UL)
        from low in Gen.Choose(0, 0x2fff)
        from access in Gen.Elements(FaultAccess.Read, FaultAccess.Write, FaultAccess.Atomic, FaultAccess.Prefetch)
        select new FaultEntry(new InstancePointer((ulong)instance * 4096), high + (ulong)low, 0, 0, 0, false, access, 0, FaultType.Pte);

    [Fact]
    public void The_order_is_antisymmetric_and_transitive_for_addresses_far_apart()
    {
        Gen<(FaultEntry A, FaultEntry B, FaultEntry C)> triples =
            from a in Faults from b in Faults from c in Faults select (a, b, c);
        Prop.ForAll(triples.ToArbitrary(), t =>
        {
            int ab = Math.Sign(FaultBatch.Compare(t.A, t.B));
            int bc = Math.Sign(FaultBatch.Compare(t.B, t.C));
            int ac = Math.Sign(FaultBatch.Compare(t.A, t.C));
            return ab == -Math.Sign(FaultBatch.Compare(t.B, t.A)) && (ab > 0 || bc > 0 || ac <= 0) && (ab < 0 || bc < 0 || ac >= 0);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }

    [Fact]
    public void Groups_are_pages_of_one_channel_and_start_with_the_strongest_access()
    {
        Prop.ForAll(Gen.ArrayOf(Faults).ToArbitrary(), faults =>
        {
            var batch = new FaultBatch(Math.Max(faults.Length, 1));
            foreach (FaultEntry fault in faults)
            {
                batch.Add(fault);
            }

            batch.Sort();
            int groups = 0;
            for (int first = 0; first < batch.Count; groups++)
            {
                ReadOnlySpan<FaultEntry> group = batch.GroupAt(first);
                int strongest = FaultBatch.StrengthOf(group[0].Access);
                foreach (FaultEntry fault in group)
                {
                    Assert.Equal(group[0].Instance, fault.Instance);
                    Assert.Equal(group[0].Address.Value >> 12, fault.Address.Value >> 12);
                    Assert.True(FaultBatch.StrengthOf(fault.Access) <= strongest);
                }

                first += group.Length;
            }

            Assert.Equal(faults.Select(f => (f.Instance, f.Address.Value >> 12)).Distinct().Count(), groups);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }
}
