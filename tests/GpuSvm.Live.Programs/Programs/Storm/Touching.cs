using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace GpuSvm.Live.Programs.Storm;

/// <summary>Touches of shared memory, as a compiler emits them for small methods.</summary>
/// <remarks>
/// Code without a loop is partially interruptible: the garbage collector cannot stop a thread at the load or the store itself, so it waits
/// until that has ended, page fault and all. Whoever serves the fault must not be stopped meanwhile.
/// </remarks>
internal static unsafe partial class Touching
{
    private const int DontNeed = 4;

    /// <summary>Loads a word.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static ulong Load(ulong* word) => *word;

    /// <summary>Stores a word.</summary>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Store(ulong* word, ulong value) => *word = value;

    /// <summary>Loads a word at an address.</summary>
    public static ulong Load(VirtualAddress address) => Load((ulong*)address.Value);

    /// <summary>Stores a word at an address.</summary>
    public static void Store(VirtualAddress address, ulong value) => Store((ulong*)address.Value, value);

    /// <summary>Discards pages by MADV_DONTNEED.</summary>
    public static void Discard(VirtualAddress address, int pages)
    {
        int result = Advise((nint)address.Value, (nuint)pages << Page.Shift, DontNeed);
        if (result != 0)
        {
            // Not by Check.That: a message for each call is work for the garbage collector, which has threads repeat their faults.
            throw new CheckFailedException($"madvise of {pages} pages at {address} failed: {(Errno)Marshal.GetLastPInvokeError()}");
        }
    }

    [LibraryImport("libc", EntryPoint = "madvise", SetLastError = true)]
    private static partial int Advise(nint address, nuint length, int advice);
}
