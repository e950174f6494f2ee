using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Engine;

/// <summary>How an address space of any format behaves: memory is mapped and unmapped. A class for each format derives from this one.</summary>
public abstract partial class EngineTests<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private const ulong Target = 0x4000_0000;

    private static int Smallest => TFormat.PageTypeCount - 1;

    private static ulong Limit => 1UL << TFormat.AddressBits;

    [Fact]
    public void Memory_is_mapped_with_pages_of_every_size_and_leaves_nothing_behind()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory))
        {
            using var f = new FormatRig<TFormat>();
            ulong size = 2 * type.Size;
            GpuMemoryObject memory = FormatRig<TFormat>.Video(Target, size, type.Shift);
            ulong address = f.Get(size, type.Shift, align: type.Shift);
            f.MapOk(address, size, memory);
            f.ExpectPages(address, size, type.Shift, Target);
            Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + size));
            Assert.Equal(2, memory.References);

            f.UnmapOk(address);
            Assert.Equal((PageTableEntryKind.Invalid, 1), (f.Kind(address), memory.References));
            f.PutOk(address);
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void The_largest_possible_page_size_is_chosen()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(2 * type.Size, align: 40);
            f.MapOk(address, 2 * type.Size, FormatRig<TFormat>.Video(Target, 2 * type.Size, pageShift: 40));
            f.ExpectPages(address, 2 * type.Size, type.Shift, Target);
        }
    }

    [Fact]
    public void The_last_page_of_the_space_can_be_mapped_and_there_is_nothing_behind_it()
    {
        using var f = new FormatRig<TFormat>(start: Limit - 0x1000);
        Assert.Equal(new AddressRange(Limit - 0x1000, Limit), f.Space.Bounds);
        Assert.Equal(Limit - 0x1000, f.Get(0x1000));
        f.MapOk(Limit - 0x1000, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        f.ExpectPages(Limit - 0x1000, 0x1000, 12, Target);
        Assert.Equal(PageTableEntryKind.Invalid, f.Space.Translate(Limit).Kind);
        Assert.Equal(Errno.ENOSPC, f.TryGet(0x1000));
        var options = new GpuAddressSpaceOptions { Start = Limit };
        Assert.Equal(Errno.EINVAL, GpuAddressSpace.TryCreate<TFormat>(f.Memory, f.Dma, f.Tlb, options, out _));
    }

    [Fact]
    public void One_page_needs_a_table_of_each_level_and_no_flush_and_its_end_needs_one()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(0x1000);
        f.MapOk(address, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        Assert.Equal(FormatRig<TFormat>.DirectoryBytes + FormatRig<TFormat>.SmallTableBytes, f.Space.PageTableBytes);
        Assert.Equal((f.Space.PageTableBytes, 0), (f.Memory.LiveBytes, f.Tlb.Count));
        f.Journal.Take();

        // At the flush no entry leads anywhere any more, but no table is freed.
        f.Tlb.AtFlush = () => Assert.Equal(FormatRig<TFormat>.DirectoryBytes + FormatRig<TFormat>.SmallTableBytes, f.Memory.LiveBytes);
        f.UnmapOk(address);
        f.Tlb.AtFlush = null;
        string[] lines = f.Journal.Take().Split('\n');
        Assert.Equal($"flush [0x{address:x}, 0x{address + 0x1000:x}) depth 0", lines[0]);
        Assert.Equal(TFormat.LevelCount - 1, lines.Skip(1).Count(line => line.StartsWith("free", StringComparison.Ordinal)));
        f.ExpectOnlyTheRoot();
    }

    [Fact]
    public void A_page_beside_another_is_flushed_alone()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(0x2000, 12);
        f.MapOk(address, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12));
        f.MapOk(address + 0x1000, 0x1000, FormatRig<TFormat>.Video(Target + 0x8000, 0x1000, 12));
        f.Journal.Take();
        f.UnmapOk(address + 0x1000);
        Assert.Equal(
            $"flush [0x{address + 0x1000:x}, 0x{address + 0x2000:x}) depth {TFormat.LevelCount - 1}", f.Journal.Take());
        f.ExpectPages(address, 0x1000, 12, Target);
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + 0x1000));
    }

    [Fact]
    public void A_range_may_cross_page_tables()
    {
        ulong block = FormatRig<TFormat>.Block;
        using var f = new FormatRig<TFormat>(start: block - 0x3000);
        ulong address = f.Get(0x6000);
        f.MapOk(address, 0x6000, FormatRig<TFormat>.Video(Target, 0x6000, 12));
        f.ExpectPages(address, 0x6000, 12, Target);
        Assert.Equal(FormatRig<TFormat>.DirectoryBytes + (2 * FormatRig<TFormat>.SmallTableBytes), f.Space.PageTableBytes);
        f.PutOk(address);
        f.ExpectOnlyTheRoot();
    }

    [Fact]
    public void Memory_of_every_make_is_found_page_by_page()
    {
        ulong[] places = [0x8000_0000, 0x7000_3000, 0x7000_4000, 0x1_0000_0000];
        MemoryExtent[] extents = [.. places.Select(place => new MemoryExtent(place, 0x1000))];
        GpuMemoryObject[] memories =
        [
            GpuMemoryObject.FromExtents(Aperture.VideoMemory, extents, 12),
            GpuMemoryObject.FromPages(Aperture.SystemCoherent, places, 12),
            GpuMemoryObject.FromScatterList(Aperture.SystemNonCoherent, extents, 12),
        ];
        using var f = new FormatRig<TFormat>();
        foreach (GpuMemoryObject memory in memories)
        {
            ulong address = f.Get(0x3000);
            f.MapOk(address, 0x3000, memory, offset: 0x1000);
            for (int i = 0; i < 3; i++)
            {
                DecodedEntry entry = f.Walk(address + ((ulong)i << 12));
                Assert.Equal((memory.Target, places[i + 1]), (entry.Aperture, entry.Address));
                Assert.Equal(memory.Target == Aperture.SystemCoherent, entry.IsVolatile);
            }
        }
    }

    [Fact]
    public void System_memory_is_mapped_with_small_pages_only()
    {
        using var f = new FormatRig<TFormat>();
        ulong size = FormatRig<TFormat>.LargePage;
        var memory = GpuMemoryObject.Contiguous(Aperture.SystemCoherent, Target, size, pageShift: 40);
        ulong large = f.Get(size, FormatRig<TFormat>.LargeShift);
        Assert.Equal(Errno.EINVAL, f.Space.Map(large, size, memory));
        ulong any = f.Get(size, align: FormatRig<TFormat>.LargeShift);
        f.MapOk(any, size, memory);
        f.ExpectPages(any, size, 12, Target);
    }

    [Fact]
    public void Pages_are_mapped_with_the_attributes_that_are_asked_for()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(0x1000, 12);
        GpuMemoryObject memory = FormatRig<TFormat>.Video(Target, 0x1000, 12);
        const PageAttributes Kept = PageAttributes.Volatile | PageAttributes.Privileged;
        for (int bits = 0; bits < 16; bits++)
        {
            PageAttributes attributes = (PageAttributes)(bits & 3) | ((bits & 4) != 0 ? PageAttributes.ReadOnly : 0);
            byte kind = (byte)(bits >> 3);
            Errno error = f.Space.Map(address, 0x1000, memory, 0, new MapAttributes(attributes, kind));
            Assert.Equal(TFormat.HasKind(kind) ? Errno.None : Errno.EINVAL, error);
            if (error == Errno.None)
            {
                DecodedEntry entry = f.Walk(address);
                Assert.Equal(attributes & Kept, entry.Attributes);
                Assert.Equal((attributes & PageAttributes.ReadOnly) == 0, (entry.Rights & TranslationRights.Write) != 0);
                Assert.Equal(TFormat.EncodePage(
                    new PageTarget(0, Target), entry.Rights | TranslationRights.Atomic, attributes & Kept, kind), entry.RawBits);
            }
        }

        Errno encrypted = f.Space.Map(address, 0x1000, memory, 0, new MapAttributes(PageAttributes.Encrypted));
        Assert.Equal(TFormat.HasAttributes(PageAttributes.Encrypted) ? Errno.None : Errno.EINVAL, encrypted);
    }

    [Fact]
    public void What_the_format_cannot_say_is_refused_and_nothing_changes()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(0x1000, 12);
        byte kind = (byte)Enumerable.Range(0, 256).First(value => !TFormat.HasKind((byte)value));
        Assert.Equal(
            Errno.EINVAL, f.Space.Map(address, 0x1000, FormatRig<TFormat>.Video(Target, 0x1000, 12), 0, new MapAttributes(0, kind)));
        Assert.Equal(Errno.EINVAL, f.Space.Map(address, 0x1000, FormatRig<TFormat>.Video(1UL << 58, 0x1000, 12)));
        Assert.Equal(Errno.EINVAL, f.TryGet(0x1000, pageShift: 13));
        Assert.Equal(Errno.EINVAL, f.TryGet(0x1000, FormatRig<TFormat>.LargeShift));
        f.ExpectOnlyTheRoot();
        Assert.Equal("", f.Journal.Take());
    }

    [Fact]
    public void Parts_of_an_area_are_mapped_and_unmapped_apart()
    {
        using var f = new FormatRig<TFormat>();
        ulong address = f.Get(0x5000, 12);
        f.MapOk(address + 0x1000, 0x2000, FormatRig<TFormat>.Video(Target, 0x2000, 12));
        f.MapOk(address + 0x4000, 0x1000, FormatRig<TFormat>.Video(Target + 0x10000, 0x1000, 12));
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address));
        f.ExpectPages(address + 0x1000, 0x2000, 12, Target);
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + 0x3000));
        f.ExpectPages(address + 0x4000, 0x1000, 12, Target + 0x10000);
        f.UnmapOk(address + 0x1000);
        f.ExpectKind(PageTableEntryKind.Invalid, address, 0x4000);
        f.ExpectPages(address + 0x4000, 0x1000, 12, Target + 0x10000);
        f.PutOk(address);
        f.ExpectOnlyTheRoot();
    }

    [Fact]
    public void Tables_that_are_referenced_up_front_are_kept_until_the_area_goes()
    {
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory))
        {
            using var f = new FormatRig<TFormat>();
            ulong address = f.Get(type.Size, type.Shift, flags: GetFlags.References);
            long bytes = f.Space.PageTableBytes;
            Assert.True(type.Shift == TFormat.Directory(0).Shift || bytes > FormatRig<TFormat>.RootBytes);
            f.Journal.Take();
            f.MapOk(address, type.Size, FormatRig<TFormat>.Video(0, type.Size, type.Shift));
            f.ExpectPages(address, type.Size, type.Shift, 0);
            f.UnmapOk(address);
            Assert.Equal((PageTableEntryKind.Invalid, bytes), (f.Kind(address), f.Space.PageTableBytes));
            Assert.DoesNotContain("alloc", f.Journal.Take(), StringComparison.Ordinal);
            f.PutOk(address);
            f.ExpectOnlyTheRoot();
        }
    }

    [Fact]
    public void A_booted_space_maps_small_pages_without_new_tables()
    {
        ulong block = FormatRig<TFormat>.Block;
        using var f = new FormatRig<TFormat>(start: block, size: 2 * block);
        Assert.Equal(Errno.None, f.Space.Boot());
        Assert.Equal(FormatRig<TFormat>.DirectoryBytes + (2 * FormatRig<TFormat>.SmallTableBytes), f.Space.PageTableBytes);
        f.Journal.Take();
        ulong address = f.Get(0x3000, 12);
        f.MapOk(address, 0x3000, FormatRig<TFormat>.Video(Target, 0x3000, 12));
        f.ExpectPages(address, 0x3000, 12, Target);
        f.PutOk(address);
        Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address));
        Assert.DoesNotContain("alloc", f.Journal.Take(), StringComparison.Ordinal);
    }

    [Fact]
    public void Spare_tables_are_used_again_and_are_as_new()
    {
        using var f = new FormatRig<TFormat>(spareTables: 8);
        foreach (PageType type in FormatRig<TFormat>.Types(PageTypeUses.VideoMemory).Reverse())
        {
            MapAndUnmap();
            f.Journal.Take();
            MapAndUnmap();
            Assert.DoesNotContain("alloc", f.Journal.Take(), StringComparison.Ordinal);
            Assert.Equal(FormatRig<TFormat>.RootBytes, f.Space.PageTableBytes);

            void MapAndUnmap()
            {
                ulong address = f.Get(3 * type.Size, type.Shift);
                f.MapOk(address + type.Size, type.Size, FormatRig<TFormat>.Video(Target, type.Size, type.Shift));
                f.ExpectPages(address + type.Size, type.Size, type.Shift, Target);
                Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address));
                Assert.Equal(PageTableEntryKind.Invalid, f.Kind(address + (2 * type.Size)));
                f.PutOk(address);
            }
        }
    }
}
