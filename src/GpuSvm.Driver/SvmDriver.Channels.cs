using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <content>Channels, which join and part.</content>
public sealed partial class SvmDriver
{
    private static readonly GpuFaultReport ProcessEnded = new(0, FaultAccess.Read, "the process has ended", Errno.ECANCELED);

    /// <summary>Makes a channel for a client, with an instance pointer that no channel has had, and binds it to the client's page table.</summary>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    /// <exception cref="SvmException">As <see cref="TryJoin"/> answers.</exception>
    public Channel Join(SvmClient client)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (_svmLock.EnterExclusive())
        {
            Errno error = JoinLocked(client, _channels.NewInstance, out Channel? channel);
            return error == Errno.None ? channel! : throw new SvmException(error, "No channel could be joined.");
        }
    }

    /// <summary>Makes the channel of an instance that the caller names, and binds it to the client's page table.</summary>
    /// <param name="client">Whose channel it becomes.</param>
    /// <param name="instance">Its address: a multiple of 4096, not 0.</param>
    /// <param name="channel">The channel, in case of success.</param>
    /// <returns>
    /// <see cref="Errno.None"/>; <see cref="Errno.EEXIST"/> when the instance is joined already, to this client or another one;
    /// <see cref="Errno.EBUSY"/> while the driver is suspended; <see cref="Errno.EIO"/> once the device is lost. Then nothing has changed.
    /// </returns>
    /// <exception cref="ArgumentException">No instance can be there.</exception>
    /// <exception cref="ObjectDisposedException">The client is closed.</exception>
    /// <remarks>Source: nouveau_svm.c, nouveau_svmm_join.</remarks>
    public Errno TryJoin(SvmClient client, InstancePointer instance, [NotNullWhen(true)] out Channel? channel)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (instance.Address == 0 || !Page.IsAligned(instance.Address))
        {
            throw new ArgumentException($"{instance} is no address of an instance.", nameof(instance));
        }

        using (_svmLock.EnterExclusive())
        {
            return JoinLocked(client, instance, out channel);
        }
    }

    /// <summary>Takes a channel away; no access of it runs when this returns. A channel that has parted already is ignored.</summary>
    public void Part(Channel channel)
    {
        ArgumentNullException.ThrowIfNull(channel);
        using (_svmLock.EnterExclusive())
        {
            PartLocked(channel);
        }
    }

    /// <summary>Takes the channel of an instance away from a client; one that the client does not have is ignored.</summary>
    /// <remarks>Source: nouveau_svm.c, nouveau_svmm_part.</remarks>
    public void Part(SvmClient client, InstancePointer instance)
    {
        ArgumentNullException.ThrowIfNull(client);
        using (_svmLock.EnterExclusive())
        {
            if (_channels.TryFind(instance, out Channel? channel) && channel.Client == client)
            {
                PartLocked(channel);
            }
        }
    }

    /// <summary>Kills a channel: what runs on it ends with a report. The channel stays joined, and what is launched later runs.</summary>
    /// <param name="channel">One that has parted is ignored.</param>
    /// <param name="report">What its launches end with.</param>
    /// <remarks>
    /// Its faults in the ring are thrown away: as on <see cref="Close"/> the ring is emptied and replayed, so that all other channels go on.
    /// Locking: no lock held on entry; waits for the batch that is being served.
    /// </remarks>
    public void Cancel(Channel channel, GpuFaultReport report)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(report);
        using (_servicing.Enter())
        {
            using (_svmLock.EnterShared())
            {
                if (!_channels.TryFind(channel.Instance, out Channel? found) || found != channel)
                {
                    return;
                }

                _gpu.Cancel(channel.Instance, report);
            }

            _servicer.ReportAgain();
        }
    }

    private Errno JoinLocked(SvmClient client, InstancePointer instance, out Channel? channel)
    {
        ObjectDisposedException.ThrowIf(client.IsDisposed, client);
        channel = null;
        Errno error = Readiness;
        if (error != Errno.None)
        {
            return error;
        }

        channel = _channels.TryAdd(client, instance);
        if (channel is null)
        {
            return Errno.EEXIST;
        }

        error = _gpu.BindInstance(instance, client.Root);
        if (error != Errno.None)
        {
            _channels.Remove(channel);
            channel = null;
        }

        return error;
    }

    private void PartLocked(Channel channel)
    {
        if (_channels.Remove(channel))
        {
            _gpu.UnbindInstance(channel.Instance);
            _servicer.Forget(channel.Instance);
        }
    }
}
