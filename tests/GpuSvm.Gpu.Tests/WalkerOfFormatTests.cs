using GpuSvm.Mmu.Formats.Gf100;
using GpuSvm.Mmu.Formats.Gh100;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Gpu.Tests;

/// <summary>The device's walker reads the tables of any format.</summary>
public abstract class WalkerOfFormatTests<TFormat>
    where TFormat : struct, IPageTableFormat
{
    private const ulong Target = 0x1234_5000;
    private const TranslationRights All = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;

    [Fact]
    public void It_finds_pages_at_both_ends_of_the_space_until_they_are_flushed()
    {
        ulong limit = 1UL << TFormat.AddressBits;
        foreach (ulong start in (ulong[])[0, limit - 0x4000])
        {
            using var rig = new Rig(start, 0x4000);
            ulong address = rig.Get(0x4000);
            var memory = GpuMemoryObject.Contiguous(Aperture.SystemCoherent, Target, 0x4000, 12);
            Assert.Equal(Errno.None, rig.Space.Map(address, 0x4000, memory));
            for (ulong at = 0; at < 0x4000; at += 0x1000)
            {
                Assert.Equal(Translation.Page(All, Target + at), rig.Walker.Walk(address + at + 0x123));
                Assert.True(rig.Walker.TryTranslate(address + at, All, out _, out ulong target));
                Assert.Equal(Target + at, target);
            }

            Assert.Equal(Errno.None, rig.Space.Unmap(address));
            Assert.False(rig.Walker.TryTranslate(address, All, out _, out _));
            Assert.Equal(TranslationKind.Fault, rig.Walker.Walk(address).Kind);
        }
    }

    [Fact]
    public void It_knows_sparse_privileged_and_foreign_pages_and_addresses_that_do_not_exist()
    {
        using var rig = new Rig(0, 0);
        ulong address = rig.Get(0x3000);
        var system = GpuMemoryObject.Contiguous(Aperture.SystemCoherent, Target, 0x1000, 12);
        var video = GpuMemoryObject.Contiguous(Aperture.VideoMemory, 0x8000, 0x1000, 12);
        Assert.Equal(Errno.None, rig.Space.Map(address, 0x1000, system, 0, new MapAttributes(PageAttributes.Privileged)));
        var missing = GpuMemoryObject.Contiguous(Aperture.VideoMemory, ByteSize.MiB(16).Bytes, 0x1000, 12);
        Assert.Equal(Errno.None, rig.Space.Map(address + 0x1000, 0x1000, video));
        Assert.Equal(Errno.None, rig.Space.Map(address + 0x2000, 0x1000, missing));
        Assert.Equal(Translation.Missing(FaultType.PrivilegeViolation), rig.Walker.Walk(address));
        Assert.Equal(TranslationKind.Page, rig.Walker.Walk(address + 0x1000).Kind);
        Assert.Equal((VideoMemory.WindowPage << Page.Shift) + 0x8000, rig.Walker.Walk(address + 0x1000).Target);
        Assert.Equal(Translation.UnsupportedAperture, rig.Walker.Walk(address + 0x2000));
        Assert.Equal(Translation.Missing(FaultType.VaLimitViolation), rig.Walker.Walk(1UL << TFormat.AddressBits));
        if (TFormat.SparsePage != 0)
        {
            ulong sparse = rig.Get(0x1000, GetFlags.Sparse | GetFlags.MapReferences);
            Assert.Equal(Translation.Sparse, rig.Walker.Walk(sparse));
            Assert.Equal(Errno.None, rig.Space.Put(sparse));
            Assert.Equal(TranslationKind.Fault, rig.Walker.Walk(sparse).Kind);
        }
    }

    /// <summary>Tables in a GPU's memory, and its walker, which a flush makes forget.</summary>
    private sealed class Rig : IDisposable, ITlbInvalidator, IDmaMapper
    {
        private readonly VideoMemory _memory = new(ByteSize.MiB(16));

        public Rig(ulong start, ulong size)
        {
            var options = new GpuAddressSpaceOptions { Start = start, Size = size };
            Assert.Equal(Errno.None, GpuAddressSpace.TryCreate<TFormat>(_memory, this, this, options, out GpuAddressSpace? space));
            Space = space!;
            Walker = new PageWalker<TFormat>(_memory, Space.Root);
        }

        public GpuAddressSpace Space { get; }

        public PageWalker<TFormat> Walker { get; }

        public ulong Get(ulong size, GetFlags flags = GetFlags.MapReferences)
        {
            Assert.Equal(Errno.None, Space.TryGet(new GetRequest(size, 0, 0, flags), out VirtualAddress address));
            return address.Value;
        }

        public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth) => Walker.Drop(range, depth);

        public long MappedPages => 0;

        public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
        {
            address = default;
            return Errno.ENOMEM;
        }

        public void Unmap(DeviceAddress address, int order) => Assert.Fail("Nothing is mapped by pfn.");

        public void Dispose()
        {
            Space.Dispose();
            Assert.Equal(0, _memory.AllocatedBytes);
            _memory.Dispose();
        }
    }
}

public sealed class Gf100WalkerTests : WalkerOfFormatTests<Gf100Format<Gf100Generation, Gf100LargePage128K>>;

public sealed class Gm200WalkerTests : WalkerOfFormatTests<Gf100Format<Gm200Generation, Gf100LargePage64K>>;

public sealed class Gp100WalkerTests : WalkerOfFormatTests<Gp100Format>;

public sealed class Gh100WalkerTests : WalkerOfFormatTests<Gh100Format>;
