namespace GpuSvm;

/// <summary>What an access does with the word at its address.</summary>
internal enum AccessKind : byte
{
    Load,
    Store,
    Prefetch,
    Add,
    Exchange,
    CompareExchange,
    And,
    Or,
    Xor,
    MinSigned,
    MaxSigned,
    MinUnsigned,
    MaxUnsigned,
}
