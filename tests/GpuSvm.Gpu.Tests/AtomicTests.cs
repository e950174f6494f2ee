namespace GpuSvm.Gpu.Tests;

public sealed class AtomicTests
{
    private const ulong Base = TestRig.Base;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_atomic_gives_the_old_word_and_leaves_the_new_one(bool resident)
    {
        using var rig = new TestRig();
        rig.Back(12);
        if (resident)
        {
            rig.Map(12);
        }

        for (ulong page = 0; page < 12; page++)
        {
            rig.Word<int>(Base + (4096 * page)) = -5;
        }

        rig.Launch(All, 1, 1, Base).ThrowIfFailed();
        int[] expected = [-2, 9, 8, -5, -7, 3, -5, 7, -5 & 12, -5 | 2, -5 ^ 3];
        for (int i = 0; i < expected.Length; i++)
        {
            Assert.Equal(expected[i], rig.Word<int>(Base + (4096 * (ulong)i)));
            Assert.Equal(-5, rig.Word<int>(Base + 0xb000 + (4 * (ulong)i)));
        }
    }

    [Fact]
    public void Small_words_wrap_inside_themselves()
    {
        using var rig = new TestRig();
        rig.Map(1);
        rig.Word<uint>(Base) = 0xffff_ffff;
        rig.Word<uint>(Base + 4) = 0xffff_ffff;
        rig.Launch(Small, 1, 1, Base).ThrowIfFailed();
        Assert.Equal(0xffff_00ffu, rig.Word<uint>(Base));
        Assert.Equal(0x0000_ffffu, rig.Word<uint>(Base + 4));
    }

    private static async GpuTask All(GpuThread t, ulong at)
    {
        ulong found = at + 0xb000;
        await t.Store(found, await t.AtomicAdd(at, 3));
        await t.Store(found + 4, await t.AtomicExchange(at + 0x1000, 9));
        await t.Store(found + 8, await t.AtomicCompareExchange(at + 0x2000, -5, 8));
        await t.Store(found + 12, await t.AtomicCompareExchange(at + 0x3000, 5, 8));
        await t.Store(found + 16, await t.AtomicMin(at + 0x4000, -7));
        await t.Store(found + 20, await t.AtomicMax(at + 0x5000, 3));
        await t.Store(found + 24, unchecked((int)await t.AtomicMax(at + 0x6000, 3u)));
        await t.Store(found + 28, unchecked((int)await t.AtomicMin(at + 0x7000, 7u)));
        await t.Store(found + 32, await t.AtomicAnd(at + 0x8000, 12));
        await t.Store(found + 36, await t.AtomicOr(at + 0x9000, 2));
        await t.Store(found + 40, await t.AtomicXor(at + 0xa000, 3));
    }

    private static async GpuTask Small(GpuThread t, ulong at)
    {
        await t.AtomicAdd(at + 1, (byte)1);
        await t.AtomicAdd(at + 6, (ushort)1);
    }
}
