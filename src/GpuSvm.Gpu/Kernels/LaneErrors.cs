namespace GpuSvm;

/// <summary>The exceptions for misuse inside kernels, made in one place and off the hot path.</summary>
internal static class LaneErrors
{
    internal static InvalidOperationException OutsideKernel() =>
        new("This can only be awaited in a method that returns GpuTask: a kernel, or a helper that a kernel awaits.");

    internal static InvalidOperationException StillPending() =>
        new("The thread accesses memory or pauses while an earlier access of its own still waits: await each access before the next one.");

    internal static InvalidOperationException NotPending() =>
        new("An access was awaited that is not waiting: await each access once, directly where it is made.");

    internal static InvalidOperationException NeverAwaited() =>
        new("The kernel ended while an access or a helper that it had started was never awaited.");

    internal static InvalidOperationException WaitsForOther() =>
        new("The kernel waits for a task or an access of another GPU thread, which cannot wake it: await only what the thread itself started.");

    internal static InvalidOperationException BrokenBarrier(int ended, int waiting) =>
        new($"A barrier can never be reached: {ended} threads of the block have ended, and {waiting} wait at it.");

    internal static NotSupportedException Size(Type type, int size) =>
        new($"A GPU accesses words of 1, 2, 4 or 8 bytes; {type.Name} has {size}.");
}
