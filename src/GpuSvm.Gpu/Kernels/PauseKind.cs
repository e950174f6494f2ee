namespace GpuSvm;

/// <summary>Why a thread gives way without an access.</summary>
internal enum PauseKind : byte
{
    Barrier,
    Yield,
}
