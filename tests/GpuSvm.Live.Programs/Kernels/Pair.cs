namespace GpuSvm.Live.Programs.Kernels;

public readonly record struct Pair<TFirst, TSecond>(TFirst First, TSecond Second)
    where TFirst : unmanaged
    where TSecond : unmanaged;
