namespace GpuSvm.Mmu;

/// <summary>Connects a device's instances (channels) with the address space that their accesses are translated in.</summary>
/// <remarks>Locking: called under the address space's lock; takes device locks only. Source: Linux nouveau vmm.h, join and part.</remarks>
public interface IInstanceBinder
{
    /// <summary>Has the accesses of an instance translated by an address space.</summary>
    /// <param name="instance">The instance's pointer.</param>
    /// <param name="root">The address space.</param>
    /// <param name="bounds">What it translates.</param>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.EEXIST"/> when the instance has an address space already.</returns>
    Errno Bind(ulong instance, PageDirectoryBase root, AddressRange bounds);

    /// <summary>Takes an instance's address space away; no walk for it is running when this returns.</summary>
    void Unbind(ulong instance);
}
