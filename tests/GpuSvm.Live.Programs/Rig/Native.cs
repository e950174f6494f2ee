using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live.Programs;

/// <summary>The calls that touch registered memory: a thread that waits for a page in one of them holds up no garbage collection.</summary>
internal static unsafe partial class Native
{
    private const int WindowChange = 28;

    /// <summary>Loads a byte.</summary>
    public static int Load(ulong address)
    {
        byte value = 0;
        CopyMemory(&value, (byte*)address, 1);
        return value;
    }

    /// <summary>Stores a byte.</summary>
    public static int Store(ulong address, byte value)
    {
        SetMemory((byte*)address, value, 1);
        return 0;
    }

    /// <summary>Has the kernel load a byte: where the program itself would get a signal it answers EFAULT.</summary>
    public static int LoadByKernel(SafeFileHandle file, ulong address) => ErrorOf(WriteFile(file, (byte*)address, 1, 0));

    /// <summary>Has the kernel store a byte.</summary>
    public static int StoreByKernel(SafeFileHandle file, ulong address) => ErrorOf(ReadFile(file, (byte*)address, 1, 0));

    /// <summary>Sends a thread of this process a signal that changes nothing; a wait for a page begins anew.</summary>
    public static void Signal(uint threadId)
    {
        nint call = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 131 : 234;
        Check.Equal(0, (int)Libc.SystemCall(call, Environment.ProcessId, (nint)threadId, WindowChange, 0), "tgkill");
    }

    /// <summary>pwritev(2) of two words from two places.</summary>
    public static void Gather(SafeFileHandle file, Span<long> first, Span<long> second, long offset) =>
        Vectored(first, second, parts => WriteParts(file, parts, 2, (nint)offset), "pwritev");

    /// <summary>preadv(2) of two words to two places.</summary>
    public static void Scatter(SafeFileHandle file, Span<long> first, Span<long> second, long offset) =>
        Vectored(first, second, parts => ReadParts(file, parts, 2, (nint)offset), "preadv");

    private static void Vectored(Span<long> first, Span<long> second, PartsCall call, string name)
    {
        fixed (long* a = first)
        {
            fixed (long* b = second)
            {
                MessagePiece* parts = stackalloc MessagePiece[2];
                parts[0] = new MessagePiece { Start = (byte*)a, Length = sizeof(long) };
                parts[1] = new MessagePiece { Start = (byte*)b, Length = sizeof(long) };
                Check.Equal((nint)(2 * sizeof(long)), call(parts), $"bytes of {name}, error {Marshal.GetLastPInvokeError()}");
            }
        }
    }

    private delegate nint PartsCall(MessagePiece* parts);

    private static int ErrorOf(nint moved) => moved == 1 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "fallocate", SetLastError = true)]
    public static partial int Allocate(SafeFileHandle file, int mode, nint offset, nint length);

    [LibraryImport("libc", EntryPoint = "pwritev", SetLastError = true)]
    private static partial nint WriteParts(SafeFileHandle file, MessagePiece* parts, int count, nint offset);

    [LibraryImport("libc", EntryPoint = "preadv", SetLastError = true)]
    private static partial nint ReadParts(SafeFileHandle file, MessagePiece* parts, int count, nint offset);

    [LibraryImport("libc", EntryPoint = "memcpy")]
    private static partial void* CopyMemory(byte* target, byte* source, nuint length);

    [LibraryImport("libc", EntryPoint = "memset")]
    private static partial void* SetMemory(byte* target, int value, nuint length);

    [LibraryImport("libc", EntryPoint = "pwrite", SetLastError = true)]
    private static partial nint WriteFile(SafeFileHandle file, byte* source, nuint length, nint offset);

    [LibraryImport("libc", EntryPoint = "pread", SetLastError = true)]
    private static partial nint ReadFile(SafeFileHandle file, byte* target, nuint length, nint offset);
}
