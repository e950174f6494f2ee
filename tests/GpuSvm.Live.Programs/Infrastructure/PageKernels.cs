namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Kernels of one thread a page, or of one thread.</summary>
internal static class PageKernels
{
    /// <summary>Each thread adds a number to the first word of its page, if there is such a page.</summary>
    public static async GpuTask Add(GpuThread t, PageArgs a)
    {
        for (long page = t.GlobalIndex; page < a.Pages; page += t.GridSize)
        {
            VirtualAddress at = a.Base + ((ulong)page * a.Step);
            await t.Store(at, await t.Load<int>(at) + a.Value);
        }
    }

    /// <summary>Each thread stores a number in the first word of its page, if there is such a page.</summary>
    public static async GpuTask Store(GpuThread t, PageArgs a)
    {
        for (long page = t.GlobalIndex; page < a.Pages; page += t.GridSize)
        {
            await t.Store(a.Base + ((ulong)page * a.Step), a.Value);
        }
    }

    /// <summary>Says that it runs and goes on storing until it is ended.</summary>
    public static async GpuTask StoreForEver(GpuThread t, PageArgs a)
    {
        for (int i = 1; ; i = unchecked(i + 1))
        {
            for (int page = 0; page < a.Pages; page++)
            {
                await t.Store(a.Base + ((ulong)page * a.Step), i);
            }

            await t.Store(a.Flag, 1);
            await t.Yield();
        }
    }

    /// <summary>Throws, with a cause.</summary>
    public static async GpuTask Throw(GpuThread t, PageArgs a)
    {
        await t.Yield();
        throw new Kernels.OwnException($"page {a.Pages}", new ArithmeticException("the cause"));
    }
}
