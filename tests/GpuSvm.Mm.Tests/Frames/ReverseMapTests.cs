namespace GpuSvm.Mm.Tests;

/// <summary>Where entries name a frame.</summary>
public sealed class ReverseMapTests
{
    private static readonly FrameNumber Frame = new(7);
    private static readonly FrameMapping First = new(0, 0x1000);
    private static readonly FrameMapping Second = new(5, 0x1000);
    private static readonly FrameMapping Last = new(FrameMapping.SpaceLimit - 1, CpuPageTable.AddressLimit - Page.Size);

    [Fact]
    public void A_place_survives_its_packing_and_is_never_zero()
    {
        foreach (FrameMapping mapping in (FrameMapping[])[new(0, 0), First, Second, Last])
        {
            Assert.NotEqual(0UL, mapping.Packed);
            Assert.Equal(mapping, FrameMapping.Unpack(mapping.Packed));
        }
    }

    [Fact]
    public void Every_place_is_found_until_it_is_removed_in_any_order()
    {
        FrameMapping[] all = [First, Second, Last];
        for (int gone = 0; gone < all.Length; gone++)
        {
            var map = new ReverseMap();
            ulong slot = 0;
            foreach (FrameMapping mapping in all)
            {
                map.Add(ref slot, Frame, mapping);
            }

            Assert.Equal(all, Places(map, ref slot));
            map.Remove(ref slot, Frame, all[gone]);
            Assert.Equal(all.Where((_, i) => i != gone), Places(map, ref slot));
            Assert.Empty(Places(map, ref slot, new FrameNumber(8)).Except(Places(map, ref slot)));
            map.Add(ref slot, Frame, all[gone]);
            Assert.Equal(all.Order(Comparer<FrameMapping>.Create((a, b) => a.Packed.CompareTo(b.Packed))),
                Places(map, ref slot).Order(Comparer<FrameMapping>.Create((a, b) => a.Packed.CompareTo(b.Packed))));
            Array.ForEach(all, mapping => map.Remove(ref slot, Frame, mapping));
            Assert.Empty(Places(map, ref slot));
            Assert.Equal(0UL, slot);
        }
    }

    private static List<FrameMapping> Places(ReverseMap map, ref ulong slot) => Places(map, ref slot, Frame);

    private static List<FrameMapping> Places(ReverseMap map, ref ulong slot, FrameNumber frame)
    {
        List<FrameMapping> places = [];
        map.CopyTo(ref slot, frame, places);
        return places;
    }
}
