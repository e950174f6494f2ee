namespace GpuSvm.SvmTests;

/// <summary>What an exec finds in memory and leaves there: a batch of commands, and the words that it writes.</summary>
/// <remarks>
/// The GPU reads the batch by the pointer of the exec, as a command streamer does: so every exec faults for reading first, and then for
/// writing, most of the time on the same page. All fields are words of eight bytes.
/// </remarks>
internal static class ExecRecord
{
    /// <summary>Bytes of a record.</summary>
    public const int Size = 128;

    /// <summary>Number of records on a page.</summary>
    public const int OnPage = (int)Page.Size / Size;

    /// <summary>Where the exec stores.</summary>
    public const int Target = 0;

    /// <summary>What it stores.</summary>
    public const int Value = 8;

    /// <summary>Number of places where it stores that.</summary>
    public const int Count = 16;

    /// <summary>Bytes from one of these places to the next.</summary>
    public const int Interval = 24;

    /// <summary>A word that it loads first; 0 for none.</summary>
    public const int Peek = 32;

    /// <summary>Where it stores what it has loaded.</summary>
    public const int Peeked = 40;

    /// <summary>How it stores: see <see cref="ExecCommand"/>.</summary>
    public const int Command = 48;

    /// <summary>Where it stores the value in the end.</summary>
    public const int FenceTarget = 56;

    /// <summary>The usual target.</summary>
    public const int Data = 64;

    /// <summary>The fence of an exec that races with the CPU.</summary>
    public const int Fence = 72;

    /// <summary>A word that only the CPU stores to, on the page that the GPU stores to.</summary>
    public const int CpuWord = 80;

    /// <summary>Bytes of the batch: all up to <see cref="Data"/>.</summary>
    public const int BatchSize = Data;
}
