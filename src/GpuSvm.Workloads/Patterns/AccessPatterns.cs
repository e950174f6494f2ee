namespace GpuSvm.Workloads;

/// <summary>Kernels that touch memory in the patterns by which fault servicing is measured: regular, random, sgemm-like and stream.</summary>
/// <remarks>
/// Source of the patterns: T. Allen, R. Ge, "In-depth analyses of unified virtual memory system for GPU accelerated computing", SC'21.
/// </remarks>
public static class AccessPatterns
{
    /// <summary>Rows of the tile of the product that one block of threads computes.</summary>
    public const int TileRows = 128;

    /// <summary>Columns of that tile.</summary>
    public const int TileColumns = 512;

    /// <summary>Columns of the first matrix, and rows of the second, that are loaded at a time: a slab.</summary>
    public const int SlabWidth = 8;

    /// <summary>Slabs that a block loads before its threads wait for each other.</summary>
    public const int Stages = 16;

    /// <summary>Regular: each thread loads from pages of its own, neighbours from neighbouring pages.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="a">Array A of Size pages.</param>
    public static async GpuTask Regular(GpuThread t, PatternArgs a)
    {
        for (long page = t.GlobalIndex; page < a.Size; page += t.GridSize)
        {
            await t.Load<int>(a.A + ((ulong)page * Page.Size));
        }
    }

    /// <summary>Random: each thread loads from pages anywhere.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="a">Array A of Size pages; Part loads over all threads.</param>
    public static async GpuTask Random(GpuThread t, PatternArgs a)
    {
        for (long i = t.GlobalIndex; i < a.Part; i += t.GridSize)
        {
            await t.Load<int>(a.A + (Scatter((ulong)i) % (ulong)a.Size * Page.Size));
        }
    }

    /// <summary>Sgemm-like: each block of threads loads the slabs of two square matrices that a tile of their product needs.</summary>
    /// <param name="t">The thread; a block has at least <see cref="TileRows"/> of them.</param>
    /// <param name="a">Matrices A and B of Size by Size floats, Size a multiple of <see cref="TileColumns"/>; the first Part slabs.</param>
    /// <remarks>One float of every tile row of A and of every slab row of B stands for all that are loaded of that row.</remarks>
    public static async GpuTask Sgemm(GpuThread t, PatternArgs a)
    {
        long tiles = a.Size / TileColumns;
        long row = t.BlockIndex / tiles * TileRows;
        long column = t.BlockIndex % tiles * TileColumns;
        for (long slab = 0; slab < a.Part; slab++)
        {
            long k = slab * SlabWidth;
            await t.Load<float>(a.A + At(a.Size, row + (t.ThreadIndex % TileRows), k));
            await t.Load<float>(a.B + At(a.Size, k + (t.ThreadIndex % SlabWidth), column));
            if (slab % Stages == Stages - 1)
            {
                await t.Barrier();
            }
        }
    }

    /// <summary>Stream: a = b + 3 c, the triad of McCalpin's benchmark, chunk by chunk.</summary>
    /// <param name="t">The thread.</param>
    /// <param name="a">Arrays of Size doubles; a block of threads takes Part of them at a time. Size is a multiple of Part.</param>
    public static async GpuTask Stream(GpuThread t, PatternArgs a)
    {
        long stride = t.GridSize / t.BlockSize * a.Part;
        for (long chunk = t.BlockIndex * a.Part; chunk < a.Size; chunk += stride)
        {
            for (long i = chunk + t.ThreadIndex; i < chunk + a.Part; i += t.BlockSize)
            {
                ulong at = (ulong)i * sizeof(double);
                double b = await t.Load<double>(a.B + at);
                double c = await t.Load<double>(a.C + at);
                await t.Store(a.A + at, b + (3 * c));
            }
        }
    }

    private static ulong At(long rows, long row, long column) => (ulong)((row * rows) + column) * sizeof(float);

    /// <summary>Mixes the bits of a number. Source: S. Vigna, splitmix64.</summary>
    private static ulong Scatter(ulong x)
    {
        unchecked
        {
            x += 0x9e3779b97f4a7c15;
            x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
            x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
            return x ^ (x >> 31);
        }
    }
}
