using GpuSvm.Core;
using GpuSvm.Mmu.Tests.Infrastructure;

namespace GpuSvm.Mmu.Tests.Spaces;

/// <summary>How long an address space lives that several hold.</summary>
public sealed class SpaceReferenceTests
{
    [Fact]
    public void The_last_reference_that_goes_takes_the_space_and_all_its_tables_with_it()
    {
        var rig = new SpaceRig();
        ulong area = rig.Get(0x200000, pageShift: 21);
        GpuMemoryObject memory = SpaceRig.Video(1, 0, 0x200000, 21);
        rig.MapOk(area, 0x200000, memory);
        Assert.Equal(1, rig.Space.References);

        rig.Space.AddReference();
        Assert.Equal(2, rig.Space.References);
        Assert.False(rig.Space.Release());
        Assert.Equal(1, rig.Space.References);
        Assert.Equal(0UL, rig.Space.Translate(area).Translate(area));
        Assert.NotEqual(0, rig.Memory.LiveBytes);

        Assert.True(rig.Space.Release());
        Assert.Equal(0, rig.Memory.LiveBytes);
        Assert.True(memory.Release(), "The space has given its reference to the memory back.");
        Assert.Throws<InvariantException>(() => rig.Space.Release());
    }
}
