using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>What a program does behind the session's back.</summary>
public static unsafe partial class RawCalls
{
    public const int SignalInterrupt = 2;
    public const int SignalKill = 9;
    public const int SignalStop = 19;
    private const int ReadWrite = 3;
    private const int PrivateAnonymousAtExactlyThatPlace = 0x2 | 0x20 | 0x100000;

    /// <summary>munmap(2).</summary>
    public static void Unmap(VirtualAddress address, ulong bytes) =>
        Check.Equal(0, UnmapPages((nint)address.Value, (nuint)bytes), $"munmap of {address}, error {Marshal.GetLastPInvokeError()}");

    /// <summary>Maps private memory at a free place and fills it.</summary>
    public static void MapPrivate(VirtualAddress address, ulong bytes, byte fill)
    {
        nint mapped = MapPages((nint)address.Value, (nuint)bytes, ReadWrite, PrivateAnonymousAtExactlyThatPlace, -1, 0);
        Check.Equal(address, new VirtualAddress((ulong)mapped), "place of private memory");
        new Span<byte>((void*)mapped, (int)bytes).Fill(fill);
    }

    /// <summary>Reads a byte, wherever it is.</summary>
    public static byte Read(VirtualAddress address) => Volatile.Read(ref *(byte*)address.Value);

    /// <summary>kill(2).</summary>
    public static void Signal(int processId, int signal) =>
        Check.Equal(0, Kill(processId, signal), $"signal {signal} to process {processId}");

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int UnmapPages(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapPages(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
