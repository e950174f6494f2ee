using GpuSvm.Core.Tests.Infrastructure;

namespace GpuSvm.Core.Tests.Memory;

public class AlignedWordTests
{
    private readonly byte[] _bytes = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];

    [Fact]
    public void Words_of_every_size_are_little_endian()
    {
        Assert.Equal((byte)0x09, AlignedWord.Read<byte>(ref _bytes[8]));
        Assert.Equal((ushort)0x0a09, AlignedWord.Read<ushort>(ref _bytes[8]));
        Assert.Equal(0x0c0b0a09U, AlignedWord.Read<uint>(ref _bytes[8]));
        Assert.Equal(0x100f0e0d0c0b0a09UL, AlignedWord.Read<ulong>(ref _bytes[8]));
    }

    [Fact]
    public void A_write_changes_the_bytes_of_its_word_and_no_others()
    {
        AlignedWord.Write(ref _bytes[8], 0x0102030405060708L);
        AlignedWord.Write(ref _bytes[4], 0x11223344);
        AlignedWord.Write<ushort>(ref _bytes[2], 0xbbcc);
        AlignedWord.Write<byte>(ref _bytes[0], 0xaa);

        Assert.Equal([0xaa, 2, 0xcc, 0xbb, 0x44, 0x33, 0x22, 0x11, 8, 7, 6, 5, 4, 3, 2, 1], _bytes);
    }

    [Fact]
    public void A_word_is_exchanged_only_when_it_holds_what_is_expected()
    {
        Exchange<byte>(1, 0xf1, 0xee);
        Exchange<short>(0x0201, -2, 3);
        Exchange(0x04030201, -5, 6);
        Exchange(0x0807060504030201L, -7L, 8L);
    }

    [Fact]
    public void Floating_point_words_are_their_bits()
    {
        AlignedWord.Write(ref _bytes[0], 1.5f);
        AlignedWord.Write(ref _bytes[8], -2.5);

        Assert.Equal(0x3fc00000U, AlignedWord.Read<uint>(ref _bytes[0]));
        Assert.Equal(1.5f, AlignedWord.Read<float>(ref _bytes[0]));
        Assert.Equal(1.5f, AlignedWord.CompareExchange(ref _bytes[0], 2.5f, 1.5f));
        Assert.Equal(2.5f, AlignedWord.Read<float>(ref _bytes[0]));
        Assert.Equal(-2.5, AlignedWord.Read<double>(ref _bytes[8]));
    }

    [Fact]
    public void Sizes_are_one_two_four_and_eight()
    {
        Assert.True(AlignedWord.IsSupported<byte>() && AlignedWord.IsSupported<char>() && AlignedWord.IsSupported<float>());
        Assert.True(AlignedWord.IsSupported<ulong>() && AlignedWord.IsSupported<(short, short)>());
        Assert.False(AlignedWord.IsSupported<decimal>() || AlignedWord.IsSupported<Guid>());
    }

    [Fact]
    public void Threads_that_exchange_neighbouring_bytes_lose_nothing()
    {
        const int Rounds = 5_000;
        Array.Clear(_bytes);
        Together.Run(4, id =>
        {
            for (int i = 0; i < Rounds; i++)
            {
                Increment(ref _bytes[id % 2]);
            }
        });

        byte expected = unchecked((byte)(2 * Rounds));
        Assert.Equal([expected, expected, 0, 0], _bytes[..4]);
    }

    private static void Increment(ref byte at)
    {
        byte seen = AlignedWord.Read<byte>(ref at);
        while (true)
        {
            Thread.Yield();
            byte held = AlignedWord.CompareExchange(ref at, unchecked((byte)(seen + 1)), seen);
            if (held == seen)
            {
                return;
            }

            seen = held;
        }
    }

    private static void Exchange<T>(T held, T value, T wrong)
        where T : unmanaged
    {
        byte[] bytes = [1, 2, 3, 4, 5, 6, 7, 8];
        Assert.Equal(held, AlignedWord.CompareExchange(ref bytes[0], value, wrong));
        Assert.Equal(held, AlignedWord.Read<T>(ref bytes[0]));
        Assert.Equal(held, AlignedWord.CompareExchange(ref bytes[0], value, held));
        Assert.Equal(value, AlignedWord.Read<T>(ref bytes[0]));
    }
}
