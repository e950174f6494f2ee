using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Kernels that end badly: all threads store a number each, and then one does what no kernel should.</summary>
internal static class RunawayKernels
{
    /// <summary>Index of the thread that misbehaves: in block 1 of blocks of 32 it is thread 3.</summary>
    public const int Culprit = 35;

    [ThreadStatic]
    private static int t_sink;

    /// <summary>Computes for ever.</summary>
    public static async GpuTask Spins(GpuThread t, PageArgs a)
    {
        await t.Store(a.Base + ((ulong)t.GlobalIndex * a.Step), a.Value);
        while (t.GlobalIndex == Culprit)
        {
            t_sink = unchecked(t_sink + 1);
        }
    }

    /// <summary>Waits for what never comes.</summary>
    public static async GpuTask Sleeps(GpuThread t, PageArgs a)
    {
        await t.Store(a.Base + ((ulong)t.GlobalIndex * a.Step), a.Value);
        if (t.GlobalIndex == Culprit)
        {
            Thread.Sleep(Timeout.Infinite);
        }
    }

    /// <summary>Computes for long, and loads a word now and then: slow, but it gets on.</summary>
    public static async GpuTask IsSlow(GpuThread t, PageArgs a)
    {
        long sum = 0;
        long end = Environment.TickCount64 + a.Value;
        while (Environment.TickCount64 < end)
        {
            sum += await t.Load<int>(a.Base);
        }

        await t.Store(a.Base, (int)Math.Min(sum, 1));
    }

    /// <summary>Recurses without end.</summary>
    public static async GpuTask Overflows(GpuThread t, PageArgs a)
    {
        await t.Yield();
        t_sink = Deeper(a.Value);
    }

    /// <summary>Ends its process.</summary>
    public static async GpuTask Exits(GpuThread t, PageArgs a)
    {
        await t.Yield();
        Environment.Exit(a.Value);
    }

    /// <summary>Ends its process, with a reason.</summary>
    public static async GpuTask Fails(GpuThread t, PageArgs a)
    {
        await t.Yield();
        Environment.FailFast($"page {a.Value}");
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    [SuppressMessage("Blocker Bug", "S2190", Justification = "That is the point.")]
    private static int Deeper(int depth) => unchecked(Deeper(depth + 1) + depth);
}
