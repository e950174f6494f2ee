using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>Children by fork(2) that call no exec.</summary>
/// <remarks>
/// A child has one thread, and nothing of the runtime that waits for another: it does system calls alone, through pointers that were found
/// before, in code that was compiled before, and without the runtime's steps around a call.
/// </remarks>
internal static unsafe class ForkedChild
{
    private const int LivesForMilliseconds = 60_000;
    private const int NoHang = 1;

    /// <summary>More than a child waits for, and less than a program may take.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(90);
    private static readonly nint Library = NativeLibrary.Load("libc.so.6");

    /// <summary>Starts a child that does some steps and ends with 0; with 100 and the number of a step whose word is another.</summary>
    /// <param name="steps">What it does.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Start(ChildStep[] steps)
    {
        var fork = (delegate* unmanaged[SuppressGCTransition]<int>)Export("fork");
        var poll = (delegate* unmanaged[SuppressGCTransition]<nint, nuint, int, int>)Export("poll");
        var unmap = (delegate* unmanaged[SuppressGCTransition]<nint, nuint, int>)Export("munmap");
        var advise = (delegate* unmanaged[SuppressGCTransition]<nint, nuint, int, int>)Export("madvise");
        var remap = (delegate* unmanaged[SuppressGCTransition]<nint, nuint, nuint, int, nint, nint>)Export("mremap");
        var execute = (delegate* unmanaged[SuppressGCTransition]<byte*, byte**, int>)Export("execv");
        var exit = (delegate* unmanaged[SuppressGCTransition]<int, void>)Export("_exit");
        var parent = (delegate* unmanaged[SuppressGCTransition]<int>)Export("getppid");
        var write = (delegate* unmanaged[SuppressGCTransition]<int, byte*, nint, nint>)Export("write");
        int self = Environment.ProcessId;
        byte* text = (byte*)Marshal.StringToCoTaskMemUTF8("right\n");
        byte* wrong = (byte*)Marshal.StringToCoTaskMemUTF8("wrong\n");
        byte* path = (byte*)Marshal.StringToCoTaskMemUTF8("/bin/true");
        byte** arguments = stackalloc byte*[2];
        arguments[0] = path;
        arguments[1] = null;
        ChildStep* plan = (ChildStep*)NativeMemory.Alloc((nuint)steps.Length * (nuint)sizeof(ChildStep));
        steps.CopyTo(new Span<ChildStep>(plan, steps.Length));
        int count = steps.Length;
        int child = fork();
        if (child != 0)
        {
            Check.That(child > 0, "fork");
            return child;
        }

        for (int i = 0; i < count; i++)
        {
            int* word = (int*)plan[i].Address;
            int failed = 0;
            ChildAction action = plan[i].Action;
            if (action == ChildAction.Expect)
            {
                failed = *word == plan[i].Value ? 0 : 1;
            }
            else if (action == ChildAction.Store)
            {
                *word = plan[i].Value;
            }
            else if (action == ChildAction.Count)
            {
                for (int n = 0; n < plan[i].Value; n++)
                {
                    (*word)++;
                }
            }
            else if (action == ChildAction.Await)
            {
                for (int n = 0; n < LivesForMilliseconds && Volatile.Read(ref *word) != plan[i].Value; n++)
                {
                    poll(0, 0, 1);
                }

                failed = *word == plan[i].Value ? 0 : 1;
            }
            else if (action == ChildAction.Unmap)
            {
                failed = unmap((nint)word, (nuint)plan[i].Value);
            }
            else if (action == ChildAction.Discard)
            {
                failed = advise((nint)word, (nuint)plan[i].Value, RawCalls.DontNeed);
            }
            else if (action == ChildAction.Move)
            {
                failed = remap((nint)word, (nuint)plan[i].Value, (nuint)plan[i].Value, RawCalls.MoveFixed, (nint)plan[i].Target) == -1 ? 1 : 0;
            }
            else if (action == ChildAction.AwaitOrphaned)
            {
                for (int n = 0; n < LivesForMilliseconds && parent() == self; n++)
                {
                    poll(0, 0, 1);
                }

                failed = parent() == self ? 1 : 0;
            }
            else if (action == ChildAction.Watch)
            {
                for (int n = 0; n < 1000; n++)
                {
                    if (*word != plan[i].Value)
                    {
                        write(1, wrong, 6);
                        exit(100 + i);
                    }

                    poll(0, 0, 1);
                }
            }
            else if (action == ChildAction.Print)
            {
                failed = write(1, text, 6) == 6 ? 0 : 1;
            }
            else if (action == ChildAction.Become)
            {
                failed = execute(path, arguments);
            }

            if (failed != 0)
            {
                exit(100 + i);
            }
        }

        exit(0);
        return 0;
    }

    /// <summary>Waits for a child's end; kills one that does not end.</summary>
    /// <returns>Its exit code; 128 and the signal's number for one that was killed.</returns>
    public static int End(int child)
    {
        var wait = (delegate* unmanaged<int, int*, int, int>)Export("waitpid");
        int* status = stackalloc int[1];
        int ended = 0;
        if (!SpinWait.SpinUntil(() => (ended = wait(child, status, NoHang)) != 0, EndLimit))
        {
            RawCalls.Signal(child, RawCalls.SignalKill);
            Check.That(false, $"A child has not ended within {EndLimit}.");
        }

        Check.Equal(child, ended, "waitpid");
        return (*status & 0x7F) != 0 ? 128 + (*status & 0x7F) : *status >> 8 & 0xFF;
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

    private static nint Export(string name) => NativeLibrary.GetExport(Library, name);
}
