namespace GpuSvm.Mm.Tests;

public sealed class MappingTests
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;

    [Fact]
    public void Memory_is_mapped_from_the_window_s_end_downward()
    {
        using var m = new TestMachine();

        Assert.Equal(0x7fff_ffff_e000UL, m.Map(1).Value);
        Assert.Equal(0x7fff_ffff_c000UL, m.Map(2).Value);
        Assert.Equal("7fffffffc000-7ffffffff000 RW", m.Vmas());
    }

    [Fact]
    public void A_seed_moves_the_first_mapping_down_by_a_distance_of_its_own()
    {
        using var a = new TestMachine(options: new AddressSpaceOptions { Seed = 1 });
        using var b = new TestMachine(options: new AddressSpaceOptions { Seed = 1 });
        using var c = new TestMachine(options: new AddressSpaceOptions { Seed = 2 });

        ulong first = a.Map(1);
        Assert.Equal(first, b.Map(1).Value);
        Assert.NotEqual(first, c.Map(1).Value);
        Assert.InRange(first, 0x7fff_ffff_e000UL - (1UL << 40), 0x7fff_ffff_d000UL);
    }

    [Fact]
    public void The_highest_hole_that_is_large_enough_is_taken_first()
    {
        using var m = new TestMachine();
        ulong a = m.Map(8);
        Assert.Equal(Errno.None, m.Unmap(a + (6 * Size), 1));
        Assert.Equal(Errno.None, m.Unmap(a + (2 * Size), 2));

        Assert.Equal(a + (2 * Size), m.Map(2).Value);
        Assert.Equal(a + (6 * Size), m.Map(1).Value);
        Assert.Equal(a - Size, m.Map(1).Value);
        Assert.Equal(1, m.Mm.VmaCount);
    }

    [Theory]
    [InlineData(0x20000UL, 0x20000UL)]
    [InlineData(0x20fffUL, 0x20000UL)]
    public void A_free_hint_is_followed_down_to_its_page(ulong hint, ulong expected)
    {
        using var m = new TestMachine();
        Assert.Equal(Errno.None, m.Mm.Map(hint, 1, Protection.ReadWrite, MapPlacement.Hint, out VirtualAddress address));
        Assert.Equal(expected, address.Value);
    }

    [Fact]
    public void A_hint_that_is_taken_or_outside_is_ignored()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        Assert.Equal(Errno.None, m.Mm.Map(Base + Size, Size, Protection.ReadWrite, MapPlacement.Hint, out VirtualAddress a));
        Assert.Equal(Errno.None, m.Mm.Map(0UL, Size, Protection.ReadWrite, MapPlacement.Hint, out VirtualAddress b));
        Assert.Equal(0x7fff_ffff_e000UL, a.Value);
        Assert.Equal(0x7fff_ffff_d000UL, b.Value);
    }

    [Fact]
    public void A_fixed_mapping_replaces_what_is_there_and_reads_as_zero()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 3);
        for (ulong i = 0; i < 3; i++)
        {
            m.Thread.Store(Base + (i * Size), (int)i + 1);
        }

        Assert.Equal(Errno.None, m.MapAt(Base + Size, 1, Protection.Read));
        Assert.Equal("10000-11000 RW, 11000-12000 R, 12000-13000 RW", m.Vmas());
        Assert.Equal(1, m.Thread.Load<int>(Base));
        Assert.Equal(0, m.Thread.Load<int>(Base + Size));
        Assert.Equal(3, m.Thread.Load<int>(Base + (2 * Size)));
        Assert.Equal(2, m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_mapping_that_must_not_replace_is_refused_where_something_is()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 1);
        Assert.Equal(Errno.EEXIST, m.MapAt(Base - Size, 2, placement: MapPlacement.FixedNoReplace));
        Assert.Equal(Errno.None, m.MapAt(Base + Size, 1, placement: MapPlacement.FixedNoReplace));
        Assert.Equal("10000-12000 RW", m.Vmas());
    }

    [Theory]
    [InlineData(0UL, 0UL, Errno.EINVAL)]
    [InlineData(0x10001UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(0x0UL, 0x1000UL, Errno.EPERM)]
    [InlineData(0x7fff_ffff_f000UL, 0x1000UL, Errno.ENOMEM)]
    [InlineData(0x10000UL, 0x7fff_ffff_0000UL, Errno.ENOMEM)]
    [InlineData(0x10000UL, ulong.MaxValue, Errno.ENOMEM)]
    [InlineData(ulong.MaxValue - 0xfff, 0x1000UL, Errno.ENOMEM)]
    public void A_bad_fixed_mapping_gets_the_error_of_Linux(ulong address, ulong length, Errno expected)
    {
        using var m = new TestMachine();
        Assert.Equal(expected, m.Mm.Map(address, length, Protection.ReadWrite, MapPlacement.Fixed, out VirtualAddress got));
        Assert.Equal(0UL, got.Value);
        Assert.Equal(0, m.Mm.VmaCount);
    }

    [Theory]
    [InlineData(0x10000UL, 0UL, Errno.EINVAL)]
    [InlineData(0x10001UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(0x7fff_ffff_f000UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(0x10000UL, ulong.MaxValue, Errno.EINVAL)]
    [InlineData(0x30000UL, 0x1000UL, Errno.None)]
    [InlineData(0x0UL, 0x1000UL, Errno.None)]
    public void A_bad_unmap_gets_the_error_of_Linux_and_a_hole_gets_none(ulong address, ulong length, Errno expected)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        Assert.Equal(expected, m.Mm.Unmap(address, length));
        Assert.Equal("10000-12000 RW", m.Vmas());
    }

    [Theory]
    [InlineData(0x10000UL, 0UL, Errno.None)]
    [InlineData(0x10001UL, 0x1000UL, Errno.EINVAL)]
    [InlineData(0x10000UL, 0x3000UL, Errno.ENOMEM)]
    [InlineData(0xf000UL, 0x2000UL, Errno.ENOMEM)]
    [InlineData(0x10000UL, ulong.MaxValue, Errno.ENOMEM)]
    public void A_bad_protect_gets_the_error_of_Linux_and_changes_nothing(ulong address, ulong length, Errno expected)
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        Assert.Equal(expected, m.Mm.Protect(address, length, Protection.Read));
        Assert.Equal("10000-12000 RW", m.Vmas());
    }

    [Fact]
    public void Unknown_protection_bits_are_invalid()
    {
        using var m = new TestMachine();
        Assert.Equal(Errno.EINVAL, m.MapAt(Base, 1, (Protection)4));
        m.MapAt(Base, 1);
        Assert.Equal(Errno.EINVAL, m.Protect(Base, 1, (Protection)4));
    }

    [Fact]
    public void Lengths_are_rounded_up_to_whole_pages()
    {
        using var m = new TestMachine();
        Assert.Equal(Errno.None, m.Mm.Map(Base, Size + 1, Protection.ReadWrite, MapPlacement.Fixed, out _));
        Assert.Equal("10000-12000 RW", m.Vmas());
        Assert.Equal(Errno.None, m.Mm.Protect(Base, 1, Protection.Read));
        Assert.Equal("10000-11000 R, 11000-12000 RW", m.Vmas());
        Assert.Equal(Errno.None, m.Mm.Unmap(Base, Size + 1));
        Assert.Equal("", m.Vmas());
    }

    [Fact]
    public void Neighbours_merge_when_they_become_alike_and_split_when_they_cease_to_be()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 2);
        m.MapAt(Base + (3 * Size), 2);
        m.MapAt(Base + (2 * Size), 1, Protection.Read);
        Assert.Equal("10000-12000 RW, 12000-13000 R, 13000-15000 RW", m.Vmas());

        Assert.Equal(Errno.None, m.Protect(Base + (2 * Size), 1, Protection.ReadWrite));
        Assert.Equal("10000-15000 RW", m.Vmas());

        Assert.Equal(Errno.None, m.Protect(Base + Size, 3, Protection.None));
        Assert.Equal("10000-11000 RW, 11000-14000 -, 14000-15000 RW", m.Vmas());

        Assert.Equal(Errno.None, m.Protect(Base, 3, Protection.Read));
        Assert.Equal("10000-13000 R, 13000-14000 -, 14000-15000 RW", m.Vmas());
    }

    [Fact]
    public void An_unmap_takes_the_middle_the_ends_and_whole_mappings_at_once()
    {
        using var m = new TestMachine();
        m.MapAt(Base, 5);
        m.MapAt(Base + (6 * Size), 2, Protection.Read);
        m.MapAt(Base + (9 * Size), 3);
        Assert.Equal(Errno.None, m.Unmap(Base + Size, 1));
        Assert.Equal("10000-11000 RW, 12000-15000 RW, 16000-18000 R, 19000-1c000 RW", m.Vmas());
        Assert.Equal(Errno.None, m.Unmap(Base + (3 * Size), 7));
        Assert.Equal("10000-11000 RW, 12000-13000 RW, 1a000-1c000 RW", m.Vmas());
    }

    [Fact]
    public void The_limit_on_mappings_refuses_maps_and_splits_and_changes_nothing()
    {
        using var m = new TestMachine(options: new AddressSpaceOptions { VmaLimit = 2 });
        m.MapAt(Base, 3);
        m.MapAt(Base + (4 * Size), 1);
        m.Thread.Store(Base + Size, 7);

        Assert.Equal(Errno.ENOMEM, m.MapAt(Base + (6 * Size), 1));
        Assert.Equal(Errno.ENOMEM, m.MapAt(Base + Size, 1, Protection.Read));
        Assert.Equal(Errno.ENOMEM, m.Unmap(Base + Size, 1));
        Assert.Equal(Errno.ENOMEM, m.Protect(Base + Size, 1, Protection.Read));
        Assert.Equal("10000-13000 RW, 14000-15000 RW", m.Vmas());
        Assert.Equal(7, m.Thread.Load<int>(Base + Size));
        Assert.Equal(Errno.None, m.MapAt(Base + (3 * Size), 1));
        Assert.Equal("10000-15000 RW", m.Vmas());
    }

    [Fact]
    public void A_full_window_has_no_place()
    {
        using var m = new TestMachine(options: new AddressSpaceOptions { Window = new AddressRange(0x1000UL, 0x5000UL) });
        Assert.Equal(0x3000UL, m.Map(2).Value);
        Assert.Equal(Errno.ENOMEM, m.Mm.Map(0UL, 3 * Size, Protection.Read, MapPlacement.Anywhere, out _));
        Assert.Equal(0x1000UL, m.Map(2).Value);
        Assert.Equal(Errno.ENOMEM, m.Mm.Map(0UL, Size, Protection.Read, MapPlacement.Anywhere, out _));
        Assert.Equal(1, m.Mm.VmaCount);
    }

    [Fact]
    public void After_exit_nothing_can_be_mapped_and_every_access_faults()
    {
        using var m = new TestMachine();
        ulong a = m.Map(2);
        m.Thread.Store(a, 1);
        Assert.Equal(1, m.Frames.AllocatedFrames);

        m.Mm.Exit();
        m.Mm.Exit();
        Assert.Equal(0, m.Frames.AllocatedFrames);
        Assert.Equal(0, m.Mm.VmaCount);
        Assert.Equal(Errno.EINVAL, m.MapAt(Base, 1));
        Assert.Throws<SegmentationFaultException>(() => m.Thread.Load<int>(a));
    }
}
