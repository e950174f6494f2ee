using System.Runtime.InteropServices;
using System.Runtime.Loader;
using GpuSvm.Workloads;

namespace GpuSvm.Live.Programs.Kernels;

/// <summary>Kernels that a test loads from this assembly's file. What they compute they tell by throwing it.</summary>
public static class TestKernels
{
    /// <summary>What <see cref="Count"/> added up, in this copy of the assembly.</summary>
    public static int Counted { get; private set; }

    public static GpuKernel<int> PrivateKernel => Private;

    public static GpuKernel<int> StaticLocalKernel
    {
        get
        {
            return Local;

            static async GpuTask Local(GpuThread t, int a)
            {
                await t.Yield();
                throw new InvalidOperationException($"local {a}");
            }
        }
    }

    public static GpuKernel<Inner.Mixed> NestedKernel => Inner.Kernel;

    public static async GpuTask Count(GpuThread t, int a)
    {
        await t.Yield();
        Counted += a;
    }

    public static async GpuTask CountAndTell(GpuThread t, int a)
    {
        await Count(t, a);
        throw new InvalidOperationException($"{Counted}");
    }

    public static async GpuTask Store(GpuThread t, Pair<int, ulong> a) => await t.Store(a.Second, a.First + t.GlobalIndex);

    public static async GpuTask UseDependency(GpuThread t, int a)
    {
        await t.Yield();
        throw new InvalidOperationException(
            $"{WordClasses.OfAscii((byte)a)} {AssemblyLoadContext.GetLoadContext(typeof(WordClasses).Assembly)!.Name}");
    }

    public static async GpuTask Text(GpuThread t, string a) => await t.Yield();

    public static async GpuTask OfGeneric<T>(GpuThread t, T a) => await t.Yield();

    private static async GpuTask Private(GpuThread t, int a)
    {
        await t.Yield();
        throw new OwnException($"private {a}", new ArithmeticException("the cause"));
    }

    public static class OfGenericType<T>
    {
        public static async GpuTask Kernel(GpuThread t, int a) => await t.Yield();
    }

    public static class Inner
    {
        public static async GpuTask Kernel(GpuThread t, Mixed a)
        {
            await t.Yield();
            throw new InvalidOperationException($"{a.Flag} {a.Letter} {a.Day} {a.Pair.First} {a.Pair.Second} {a.Address}");
        }

        [StructLayout(LayoutKind.Explicit, Size = 64)]
        public struct Mixed
        {
            [FieldOffset(1)]
            public bool Flag;

            [FieldOffset(6)]
            public char Letter;

            [FieldOffset(12)]
            public DayOfWeek Day;

            [FieldOffset(24)]
            public Pair<int, long> Pair;

            [FieldOffset(40)]
            public VirtualAddress Address;
        }
    }
}
