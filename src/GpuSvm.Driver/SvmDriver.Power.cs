namespace GpuSvm.Driver;

/// <content>The life of the device: it starts, sleeps, wakes up, and may be lost.</content>
public sealed partial class SvmDriver
{
    private static readonly GpuFaultReport DeviceLost = new(0, FaultAccess.Read, "the device has stopped answering", Errno.EIO);

    private bool IsOn => _options.IsSvmEnabled;

    /// <summary>Why no client and no channel can come now; <see cref="Errno.None"/> when they can.</summary>
    private Errno Readiness =>
        !IsOn ? Errno.ENOSYS :
        _faults.IsLost ? Errno.EIO :
        _faults.IsEnabled || _disposed ? Errno.None : Errno.EBUSY;

    /// <summary>Stops serving faults; on return nothing touches the device until <see cref="Resume"/>. Idempotent.</summary>
    /// <remarks>
    /// <para>
    /// The batch that is being served is finished and replayed first. Then every entry of the GPU's page tables is dropped, so that
    /// accesses park and later changes of the address spaces find nothing to invalidate. Faults stay in the ring, and accesses that find
    /// it full stay parked: none is lost. A device may give up a launch that waits too long (<see cref="SoftwareGpuOptions.FaultTimeout"/>).
    /// </para>
    /// <para>
    /// Meanwhile neither client nor channel comes (<see cref="Errno.EBUSY"/>), but both may go: ending them takes the device down as far as
    /// it must. What a client has mapped in its own window stays.
    /// </para>
    /// <para>
    /// Pages in the GPU's own memory go home, so that the CPU needs no copy engine for them while the GPU sleeps. What cannot leave stays
    /// (<see cref="DeviceMemory"/>.<see cref="DeviceMemory.UsedPages"/> tells how much): pages that somebody holds until
    /// <see cref="SvmDriverOptions.Timeout"/> has passed, and those for which there is no memory, or whose copy fails. A touch of such a page
    /// needs the copy engine still.
    /// </para>
    /// <para>
    /// Locking: no lock held on entry; waits for one batch at most, whose faults have deadlines, and for the copies. Source: nouveau_svm.c,
    /// nouveau_svm_suspend; nouveau_dmem.c, nouveau_dmem_suspend, which unpins the memory and leaves its bytes to the buffer manager.
    /// </para>
    /// </remarks>
    public void Suspend()
    {
        if (!IsOn)
        {
            return;
        }

        _faults.Disable();
        using (Breaks.SuspendDoesNotWait ? default : _servicing.Enter())
        using (_svmLock.EnterExclusive())
        {
            // Once more: somebody else may have resumed the driver since.
            _faults.Disable();
            foreach (SvmClient client in _clients)
            {
                client.Mirror.DropAll();
            }

            if (!_disposed)
            {
                _videoPages?.SendHome();
            }
        }
    }

    /// <summary>Goes on serving faults, beginning with those that came while the driver was suspended. Without effect unless it is.</summary>
    /// <remarks>Locking: no lock held on entry. Source: nouveau_svm.c, nouveau_svm_resume.</remarks>
    public void Resume()
    {
        if (Status == DriverStatus.Suspended)
        {
            Start();
        }
    }

    private void Start()
    {
        bool isDue;
        using (_servicing.Enter())
        using (_svmLock.EnterExclusive())
        {
            isDue = !_disposed && !_faults.IsEnabled && _faults.Enable() && !Breaks.ResumeForgetsTheRing;
        }

        if (isDue)
        {
            QueueService();
        }
    }

    private void QueueService()
    {
        if (_worker is { } worker)
        {
            // An interrupt may be on its way still when the driver has ended: there is nobody left whose faults it could announce.
            worker.TryEnqueue(_service);
        }
        else
        {
            ServiceFaults();
        }
    }

    private void CancelAllWhenLost()
    {
        if (!_faults.IsLost)
        {
            return;
        }

        using (_svmLock.EnterShared())
        {
            foreach (Channel channel in _channels.All())
            {
                _gpu.Cancel(channel.Instance, DeviceLost);
            }
        }
    }
}
