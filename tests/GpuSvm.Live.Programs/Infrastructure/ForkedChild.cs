using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Children by fork(2) that call no exec.</summary>
/// <remarks>
/// A child has one thread, and nothing of the runtime that waits for another: it does system calls alone, through pointers that were found
/// before, in code that was compiled before, and without the runtime's steps around a call.
/// </remarks>
internal static unsafe class ForkedChild
{
    private const int LivesForMilliseconds = 60_000;
    private static readonly nint Library = NativeLibrary.Load("libc.so.6");

    /// <summary>Has a child give a byte to the kernel.</summary>
    /// <param name="address">The byte.</param>
    /// <param name="file">Where it is written.</param>
    /// <returns>The error that the child got, as it says by its exit code.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Errno Reads(VirtualAddress address, SafeFileHandle file)
    {
        var fork = (delegate* unmanaged[SuppressGCTransition]<int>)Export("fork");
        var write = (delegate* unmanaged[SuppressGCTransition]<int, nint, nint, nint>)Export("write");
        var error = (delegate* unmanaged[SuppressGCTransition]<int*>)Export("__errno_location");
        var exit = (delegate* unmanaged[SuppressGCTransition]<int, void>)Export("_exit");
        int descriptor = (int)file.DangerousGetHandle();
        int child = fork();
        if (child == 0)
        {
            exit(write(descriptor, (nint)address.Value, 1) == 1 ? 0 : *error());
        }

        return (Errno)ExitCode(child);
    }

    /// <summary>Starts a child that keeps what it has, but for output and errors, and waits to be killed: a minute at most.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Stay()
    {
        IReadOnlyDictionary<int, string> descriptors = ProcessView.Descriptors(Environment.ProcessId);
        int[] streams = [.. from each in descriptors where each.Value == descriptors[1] || each.Value == descriptors[2] select each.Key];
        var fork = (delegate* unmanaged[SuppressGCTransition]<int>)Export("fork");
        var close = (delegate* unmanaged[SuppressGCTransition]<int, int>)Export("close");
        var poll = (delegate* unmanaged[SuppressGCTransition]<nint, nuint, int, int>)Export("poll");
        var exit = (delegate* unmanaged[SuppressGCTransition]<int, void>)Export("_exit");
        int child = fork();
        if (child == 0)
        {
            for (int i = 0; i < streams.Length; i++)
            {
                close(streams[i]);
            }

            poll(0, 0, LivesForMilliseconds);
            exit(0);
        }

        Check.That(child > 0, "fork");
        return child;
    }

    private static int ExitCode(int child)
    {
        Check.That(child > 0, "fork");
        var wait = (delegate* unmanaged<int, int*, int, int>)Export("waitpid");
        int status = 0;
        Check.Equal(child, wait(child, &status, 0), "waitpid");
        Check.Equal(0, status & 0x7F, "signal that ended the child");
        return status >> 8 & 0xFF;
    }

    private static nint Export(string name) => NativeLibrary.GetExport(Library, name);
}
