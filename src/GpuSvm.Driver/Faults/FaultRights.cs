namespace GpuSvm.Driver;

/// <summary>What each kind of access asks of the CPU's page table, and needs of the GPU's.</summary>
internal static class FaultRights
{
    /// <summary>What is asked for a page: a prefetch takes what is there and faults nothing in.</summary>
    public static HmmPfn RequestOf(FaultAccess access) => access switch
    {
        FaultAccess.Read => HmmPfn.RequestFault,
        FaultAccess.Prefetch => default,
        _ => HmmPfn.RequestFault | HmmPfn.RequestWrite,
    };

    /// <summary>What the GPU's entry must allow.</summary>
    public static TranslationRights NeededBy(FaultAccess access) => access switch
    {
        FaultAccess.Write => TranslationRights.Read | TranslationRights.Write,
        FaultAccess.Atomic => TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic,
        _ => TranslationRights.Read,
    };

    /// <summary>True for an access that changes memory.</summary>
    public static bool IsWrite(FaultAccess access) => access is FaultAccess.Write or FaultAccess.Atomic;
}
