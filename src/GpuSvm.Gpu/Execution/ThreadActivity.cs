namespace GpuSvm.Gpu;

/// <summary>A thread that an SM executes at some moment: one that shows the same twice has neither accessed memory nor waited between.</summary>
/// <param name="Sm">Index of the SM.</param>
/// <param name="Instance">The instance that it runs on.</param>
/// <param name="Block">Index of its block.</param>
/// <param name="Thread">Its index in the block.</param>
/// <param name="Turn">How often the SM has let a thread run.</param>
/// <param name="Accesses">How many accesses the SM has made for the instance.</param>
public readonly record struct ThreadActivity(int Sm, InstancePointer Instance, int Block, int Thread, long Turn, long Accesses);
