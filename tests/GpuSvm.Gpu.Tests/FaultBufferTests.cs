namespace GpuSvm.Gpu.Tests;

public sealed class FaultBufferTests
{
    private static readonly FaultEntry Sample = new(
        new InstancePointer(0x1_2345_6000),
        0x7f12_3456_789a,
        Timestamp: 0x0102_0304_0506_0708,
        Engine: 0x1f,
        Gpc: 3,
        IsHub: true,
        FaultAccess.Atomic,
        Client: 0x55,
        FaultType.AtomicViolation);

    [Fact]
    public void An_entry_has_the_bytes_that_the_driver_expects()
    {
        byte[] bytes = new byte[32];
        FaultEntryCodec.EncodeInvalid(Sample, bytes);
        Assert.Equal(
            "00604523 01000000 9A785634 127F0000 08070605 04030201 1F000000 0F551203".Replace(" ", "", StringComparison.Ordinal),
            Convert.ToHexString(bytes));
        Assert.Equal(0x8000_0000u, FaultEntryCodec.ValidMask);
        Assert.Equal(Sample, FaultEntryCodec.Decode(bytes));
    }

    [Fact]
    public void Every_access_and_type_survives_the_encoding()
    {
        byte[] bytes = new byte[32];
        foreach (FaultType type in Enum.GetValues<FaultType>())
        {
            foreach (FaultAccess access in Enum.GetValues<FaultAccess>())
            {
                FaultEntry entry = Sample with { Type = type, Access = access, IsHub = false, Client = 127, Gpc = 31 };
                FaultEntryCodec.EncodeInvalid(entry, bytes);
                Assert.Equal(entry, FaultEntryCodec.Decode(bytes));
            }
        }
    }

    [Fact]
    public void The_ring_holds_one_entry_less_than_it_has_and_then_overflows()
    {
        int moves = 0;
        var ring = new FaultBuffer(4, 0, () => moves++);
        for (int i = 0; i < 3; i++)
        {
            Assert.True(ring.TryWrite(Sample, WhenFull.SetOverflow));
            Assert.False(ring.Overflow);
        }

        Assert.False(ring.TryWrite(Sample, WhenFull.Drop));
        Assert.False(ring.Overflow);
        Assert.False(ring.TryWrite(Sample, WhenFull.SetOverflow));
        Assert.True(ring.Overflow);
        Assert.Equal((0, 3, 3L, 1L), (ring.Get, ring.Put, ring.Written, ring.Overflows));
        ring.WriteGet(2);
        ring.ClearOverflow();
        Assert.True(ring.TryWrite(Sample, WhenFull.SetOverflow));
        Assert.Equal((2, 0, false, 1), (ring.Get, ring.Put, ring.Overflow, moves));
        Assert.Throws<ArgumentOutOfRangeException>(() => ring.WriteGet(1));
        ring.WriteGet(0);
    }

    [Fact]
    public void A_late_valid_bit_shows_at_its_poll_and_not_before()
    {
        var ring = new FaultBuffer(4, 3, () => { });
        Assert.True(ring.TryWrite(Sample, WhenFull.SetOverflow));
        Assert.Equal(1, ring.Put);
        Assert.False(ring.TryRead(0, out _));
        Assert.False(ring.TryRead(0, out _));
        Assert.True(ring.TryRead(0, out FaultEntry entry));
        Assert.Equal(Sample, entry);
        ring.MarkInvalid(0);
        Assert.False(ring.TryRead(0, out _));
    }

    [Fact]
    public void A_launch_with_late_entries_is_served_all_the_same()
    {
        using var rig = new TestRig(new SoftwareGpuOptions { Sms = 2, LateValidPolls = 5, FaultBufferEntries = 4 });
        rig.Back(32);
        rig.Launch(Kernels.Increment, 2, 32, new SumArgs(TestRig.Base, 0, 32, 4096)).ThrowIfFailed();
        Assert.Equal(32, rig.Gpu.DmaMapper.MappedPages);
    }
}
