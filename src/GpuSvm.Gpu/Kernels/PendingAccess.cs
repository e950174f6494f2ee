using GpuSvm.Gpu;

namespace GpuSvm;

/// <summary>An access as data: what the SM needs to try it again until it completes.</summary>
internal struct PendingAccess
{
    internal ulong Address;
    internal ulong Operand;
    internal ulong Comparand;

    /// <summary>The word read, or what an atomic found; low bytes first.</summary>
    internal ulong Result;
    internal AccessKind Kind;

    /// <summary>1, 2, 4 or 8 bytes.</summary>
    internal byte Size;
    internal PendingState State;

    /// <summary>Number of replays before the last try: a later one makes another try worth it.</summary>
    internal long ReplayEpoch;

    /// <summary>Why the last try could not be translated.</summary>
    internal FaultType Fault;

    internal readonly TranslationRights Rights => Kind switch
    {
        AccessKind.Load or AccessKind.Prefetch => TranslationRights.Read,
        AccessKind.Store => TranslationRights.Read | TranslationRights.Write,
        _ => TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic,
    };

    internal readonly FaultAccess Access => Kind switch
    {
        AccessKind.Load => FaultAccess.Read,
        AccessKind.Store => FaultAccess.Write,
        AccessKind.Prefetch => FaultAccess.Prefetch,
        _ => FaultAccess.Atomic,
    };

    /// <summary>Does the access on the word itself.</summary>
    internal void Perform(ref byte at) =>
        Result = Kind switch
        {
            AccessKind.Load => WordAccess.Read(ref at, Size),
            AccessKind.Store => WordAccess.Write(ref at, Size, Operand),
            AccessKind.Prefetch => 0,
            _ => WordAccess.Update(Kind, ref at, Size, Operand, Comparand),
        };
}
