namespace GpuSvm.Mmu;

/// <summary>Is asked before an address space takes memory for its own books, and may refuse: a limit, or a failure that a test injects.</summary>
/// <remarks>Locking: called under the address space's lock; takes no lock of a lower rank and never calls back.</remarks>
public interface IMmuBookkeeping
{
    /// <summary>Asks for one record.</summary>
    /// <returns>False to have the operation end with <see cref="Errno.ENOMEM"/>, and nothing changed.</returns>
    bool MayMake(MmuNode record);
}
