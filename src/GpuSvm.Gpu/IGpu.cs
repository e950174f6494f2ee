namespace GpuSvm.Gpu;

/// <summary>A GPU as its driver sees it: registers, rings and memory, nothing of how it executes.</summary>
public interface IGpu : ITlbInvalidator
{
    /// <summary>The memory that page tables live in.</summary>
    IPageTableMemory PageTableMemory { get; }

    /// <summary>The GPU's own memory, page by page; page tables come from it, too.</summary>
    IVideoMemory VideoMemory { get; }

    /// <summary>What moves bytes between the GPU's memory and the system's.</summary>
    ICopyEngine CopyEngine { get; }

    /// <summary>The IOMMU between the GPU and system memory.</summary>
    IDmaMapper DmaMapper { get; }

    /// <summary>The ring of replayable faults.</summary>
    IFaultBuffer FaultBuffer { get; }

    /// <summary>The ring of notifications of access counters; null where the GPU has none, or they are off.</summary>
    IAccessCounterBuffer? AccessCounters => null;

    /// <summary>True once the GPU has stopped answering, for good: registers say nothing, and what it was asked to do is not done.</summary>
    /// <remarks>
    /// A wait that the device does not end within a deadline of its own (a flush, a copy) ends with this, and only when the device was cut
    /// off from memory: so what the wait promised holds all the same. The interrupt is raised once more.
    /// </remarks>
    bool IsLost { get; }

    /// <summary>Sets what the GPU calls when a fault entry was written or the ring overflowed; replaces the handler before.</summary>
    /// <param name="handler">Runs on a thread of the GPU with no lock held; must only queue work, or serve at once when sequential.</param>
    void SetFaultInterrupt(Action? handler);

    /// <summary>Connects an instance (a channel) with an address space, so that its accesses are translated there.</summary>
    /// <returns><see cref="Errno.None"/>, or <see cref="Errno.EEXIST"/> when the instance is bound already.</returns>
    Errno BindInstance(InstancePointer instance, PageDirectoryBase root);

    /// <summary>Has the GPU reach the memory of another one, by entries that name it as a peer.</summary>
    /// <param name="number">Number of the peer, 0 to 7, in the entries of this GPU.</param>
    /// <param name="memory">Its memory.</param>
    /// <returns>EOPNOTSUPP where there is no link, or the memory is too large for it (8 GiB); EBUSY where the number is taken.</returns>
    Errno ConnectPeer(int number, IVideoMemory memory) => Errno.EOPNOTSUPP;

    /// <summary>Takes a peer away. No entry names it any more, and the TLB was flushed since.</summary>
    void DisconnectPeer(int number)
    {
    }

    /// <summary>Takes an instance's address space away; no walk for it is running when this returns.</summary>
    void UnbindInstance(InstancePointer instance);

    /// <summary>Makes every access that was parked by a fault try again.</summary>
    /// <remarks>An access that faults again reports itself again. Locking: takes device locks only.</remarks>
    void Replay();

    /// <summary>Kills the channel of a fault that cannot be served, if the access that reported it still waits for it.</summary>
    /// <remarks>
    /// Without effect when that access has gone on, has been stopped, or has reported itself again after a replay: then a newer entry
    /// speaks for it. So an entry that has outlived its access harms nobody. Takes effect when the SM looks; locking: takes device locks only.
    /// Source: NVIDIA UVM, cancel of a fault by instance, address and access from Volta on.
    /// </remarks>
    void CancelFault(in FaultEntry fault, GpuFaultReport report);

    /// <summary>Kills a channel if anything of it waits for a fault at one unit of the GPU. All other channels go on.</summary>
    /// <remarks>
    /// Whatever waits there and has reported itself before the call counts. Without effect when nothing does. Takes effect when the SM
    /// looks; locking: takes device locks only. Source: nouveau_svm.c, nouveau_svm_fault_cancel; NVIDIA UVM, targeted cancel of Pascal.
    /// </remarks>
    void CancelUnit(CancelTarget target, GpuFaultReport report);

    /// <summary>Kills one channel: its parked accesses end with an error, its launch fails with this report. All others go on.</summary>
    /// <remarks>Idempotent: the first report stands. Locking: takes device locks only.</remarks>
    void Cancel(InstancePointer instance, GpuFaultReport report);
}
