using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs.Infrastructure;

/// <summary>What a program does behind the session's back.</summary>
public static unsafe partial class RawCalls
{
    public const int SignalInterrupt = 2;
    public const int SignalKill = 9;
    public const int SignalContinue = 18;
    public const int SignalStop = 19;
    public const int ReadOnly = 1;
    public const int ReadWrite = 3;
    public const int DontNeed = 4;
    public const int Remove = 9;
    public const int MoveInPlace = 0;
    public const int MayMove = 1;
    public const int MoveFixed = 3;
    public const int MoveKeepingOld = 1 | 4;
    private const int PrivateAnonymousInPlace = 0x2 | 0x20 | 0x10;
    private const int OwnGroup = 0;
    private const int MoveToExactlyThatPlace = 3;
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

    /// <summary>mprotect(2).</summary>
    public static void Protect(VirtualAddress address, ulong bytes, int rights)
    {
        int result = SetProtection((nint)address.Value, (nuint)bytes, rights);
        Check.Equal(0, result, $"mprotect of {address}, error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>mremap(2), onto what is mapped at the target.</summary>
    public static void Move(VirtualAddress address, ulong bytes, VirtualAddress target)
    {
        nint moved = Remap((nint)address.Value, (nuint)bytes, (nuint)bytes, MoveToExactlyThatPlace, (nint)target.Value);
        Check.Equal(target, new VirtualAddress((ulong)moved), $"mremap of {address}, error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>mremap(2): anywhere, or to a place (<see cref="MoveFixed"/>).</summary>
    public static VirtualAddress Remap(VirtualAddress address, ulong bytes, ulong newBytes, int flags, VirtualAddress target = default)
    {
        nint moved = Remap((nint)address.Value, (nuint)bytes, (nuint)newBytes, flags, (nint)target.Value);
        Check.That(moved != -1, $"mremap of {address}, error {Marshal.GetLastPInvokeError()}");
        return (ulong)moved;
    }

    /// <summary>madvise(2).</summary>
    public static void Advise(VirtualAddress address, ulong bytes, int advice) => Check.Equal(
        0, AdvisePages((nint)address.Value, (nuint)bytes, advice), $"madvise of {address}, error {Marshal.GetLastPInvokeError()}");

    /// <summary>mmap(2) of private memory in place of whatever is there.</summary>
    public static void Replace(VirtualAddress address, ulong bytes)
    {
        nint mapped = MapPages((nint)address.Value, (nuint)bytes, ReadWrite, PrivateAnonymousInPlace, -1, 0);
        Check.Equal(address, new VirtualAddress((ulong)mapped), "place of private memory");
    }

    /// <summary>setsid(2): this process leads a group of its own, which its children join.</summary>
    public static void BeginSession() => Check.Equal(Environment.ProcessId, SetSession(), "setsid");

    /// <summary>Sends a signal to all processes of this group.</summary>
    public static void SignalGroup(PosixSignal signal) => Signal(OwnGroup, signal switch
    {
        PosixSignal.SIGHUP => 1,
        PosixSignal.SIGINT => 2,
        PosixSignal.SIGQUIT => 3,
        PosixSignal.SIGTERM => 15,
        _ => throw new ArgumentOutOfRangeException(nameof(signal), signal, "The number of this signal is not known here."),
    });

    /// <summary>execv(2): this process becomes another program.</summary>
    public static void Become(string path, params string[] arguments)
    {
        Execute(path, [path, .. arguments, null]);
        Check.That(false, $"exec of {path}, error {Marshal.GetLastPInvokeError()}");
    }

    /// <summary>kill(2).</summary>
    public static void Signal(int processId, int signal) =>
        Check.Equal(0, Kill(processId, signal), $"signal {signal} to process {processId}");

    [LibraryImport("libc", EntryPoint = "munmap", SetLastError = true)]
    private static partial int UnmapPages(nint address, nuint length);

    [LibraryImport("libc", EntryPoint = "mmap", SetLastError = true)]
    private static partial nint MapPages(nint address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);

    [LibraryImport("libc", EntryPoint = "mprotect", SetLastError = true)]
    private static partial int SetProtection(nint address, nuint length, int protection);

    [LibraryImport("libc", EntryPoint = "mremap", SetLastError = true)]
    private static partial nint Remap(nint address, nuint length, nuint newLength, int flags, nint newAddress);

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int AdvisePages(nint address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    private static partial int SetSession();

    [LibraryImport("libc", EntryPoint = "execv", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
