using GpuSvm.Core;
using GpuSvm.Mmu.Areas;

namespace GpuSvm.Mmu.Tests.Areas;

/// <summary>Free pieces in order, against a sorted set.</summary>
public class FreePiecesTests
{
    private const ulong K4 = 0x1000;

    [Theory]
    [InlineData(49, 1)]
    [InlineData(49, 2)]
    [InlineData(57, 3)]
    [InlineData(40, 4)]
    public void The_best_and_all_behind_it_are_those_of_a_sorted_set(int addressBits, ulong seed)
    {
        var random = new SeededRandom(seed);
        var free = new FreePieces(addressBits);
        var model = new SortedSet<GpuVma>(Comparer<GpuVma>.Create((x, y) => (x.Size, x.Start).CompareTo((y.Size, y.Start))));
        List<GpuVma> pieces = [];
        for (int step = 0; step < 40_000; step++)
        {
            // It grows to some thousands, so that there are many blocks, and shrinks to none.
            bool grows = step / 8000 % 2 == 0;
            int choice = (int)random.Next(10UL);
            if (pieces.Count == 0 || choice < (grows ? 7 : 2))
            {
                GpuVma piece = NewPiece(random, addressBits);
                if (model.Add(piece))
                {
                    free.Insert(piece);
                    pieces.Add(piece);
                }
            }
            else if (choice < 8)
            {
                int at = (int)random.Next((ulong)pieces.Count);
                GpuVma piece = pieces[at];
                pieces[at] = pieces[^1];
                pieces.RemoveAt(pieces.Count - 1);
                model.Remove(piece);
                free.Remove(piece);
            }
            else
            {
                Resize(random, addressBits, free, model, pieces[(int)random.Next((ulong)pieces.Count)]);
            }

            AgreeOn(free, model, NewPiece(random, addressBits).Size);
        }

        for (GpuVma? piece = free.Best(0); model.Count > 0; piece = free.Behind(piece!))
        {
            Assert.Same(model.Min, piece);
            model.Remove(piece!);
        }
    }

    [Fact]
    public void Behind_a_page_at_the_end_of_the_space_comes_the_next_size()
    {
        var free = new FreePieces(49);
        var last = new GpuVma { Start = (1UL << 49) - K4, Size = K4 };
        var larger = new GpuVma { Start = 0, Size = 2 * K4 };
        free.Insert(larger);
        free.Insert(last);
        Assert.Same(last, free.Best(1));
        Assert.Same(larger, free.Behind(last));
        Assert.Null(free.Behind(larger));
        Assert.Null(free.Best(ulong.MaxValue));
    }

    private static void AgreeOn(FreePieces free, SortedSet<GpuVma> model, ulong size)
    {
        GpuVma? piece = free.Best(size);
        using IEnumerator<GpuVma> expected = model
            .GetViewBetween(new GpuVma { Size = size }, new GpuVma { Size = ulong.MaxValue, Start = ulong.MaxValue }).GetEnumerator();
        for (int i = 0; i < 3 && expected.MoveNext(); i++)
        {
            Assert.Same(expected.Current, piece);
            piece = free.Behind(piece!);
        }
    }

    private static void Resize(SeededRandom random, int addressBits, FreePieces free, SortedSet<GpuVma> model, GpuVma piece)
    {
        GpuVma other = NewPiece(random, addressBits);
        if (random.Next(2UL) == 0)
        {
            (other.Start, other.Size) = (piece.Start + K4, piece.Size);
        }

        if (!model.Contains(other) && other.End <= 1UL << addressBits)
        {
            model.Remove(piece);
            free.Resize(piece, other.Start, other.Size);
            Assert.Equal((other.Start, other.Size), (piece.Start, piece.Size));
            model.Add(piece);
        }
    }

    /// <summary>Mostly a few pages, so that many have the same size; sometimes half of the space, or no whole pages.</summary>
    private static GpuVma NewPiece(SeededRandom random, int addressBits)
    {
        ulong size = random.Next(16UL) switch
        {
            0 => (1UL << (int)(12 + random.Next((ulong)addressBits - 12))) - (random.Next(2UL) * K4),
            1 => random.Next(5 * K4) + 1,
            _ => (random.Next(7UL) + 1) * K4,
        };
        ulong start = random.Next(((1UL << addressBits) - size) / K4) * K4;
        return new GpuVma { Start = start + (random.Next(32UL) == 0 ? 0x800UL : 0), Size = Math.Max(size, 1) };
    }
}
