namespace GpuSvm.Gpu;

/// <summary>The channels and address spaces that a GPU knows.</summary>
/// <param name="sms">Number of SMs.</param>
/// <param name="memory">Where page tables lie.</param>
/// <param name="peers">The memory of other GPUs that is reached.</param>
/// <param name="makePort">Makes a channel's port on one SM.</param>
/// <remarks>Locking: a device lock of its own. A channel lives while it is bound or has launches.</remarks>
internal sealed class ChannelTable(int sms, VideoMemory memory, PeerWindow peers, Func<Channel, SmPort> makePort)
{
    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly Dictionary<InstancePointer, Channel> _channels = [];
    private TranslationDomain[] _domains = [];
    private GpuCounters _retired;
    private bool _isClosed;

    /// <summary>Adds a launch to its channel, which need not be bound.</summary>
    internal Launch Add(InstancePointer instance, Func<Channel, Launch> make)
    {
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(SoftwareGpu));
            Channel channel = GetOrAdd(instance);
            Launch launch = make(channel);
            channel.Launches.Add(launch);
            return launch;
        }
    }

    internal void Remove(Launch launch)
    {
        using (_lock.Enter())
        {
            launch.Channel.Launches.Remove(launch);
            if (launch.Channel.Launches.Count == 0)
            {
                foreach (SmPort port in launch.Channel.Ports)
                {
                    port.DropCancels();
                }
            }

            RemoveIfUnused(launch.Channel);
        }
    }

    /// <summary>Leaves a cancel for the SM that it names; one of a channel without launches, or of another unit, is stale at once.</summary>
    internal void PostCancel(CancelRequest request)
    {
        using (_lock.Enter())
        {
            CancelTarget target = request.Target;
            if (_channels.TryGetValue(target.Instance, out Channel? channel) && channel.Launches.Count > 0 && FaultUnit.IsSm(target, sms))
            {
                channel.Ports[target.Client].Cancels.Post(request);
            }
            else
            {
                _retired = _retired with { StaleCancels = _retired.StaleCancels + 1 };
            }
        }
    }

    internal Errno Bind(InstancePointer instance, PageDirectoryBase root)
    {
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_isClosed, typeof(SoftwareGpu));
            Channel channel = GetOrAdd(instance);
            if (channel.Domain is not null)
            {
                return Errno.EEXIST;
            }

            TranslationDomain? domain = Find(root);
            if (domain is null)
            {
                domain = new TranslationDomain(memory, peers, root);
                SharedWord.Write(ref _domains, [.. _domains, domain]);
            }

            domain.Instances++;
            domain.Add(channel.Ports);
            channel.Domain = domain;
            return Errno.None;
        }
    }

    /// <summary>Takes a channel's address space away.</summary>
    /// <param name="instance">The channel; nothing happens if it is not bound.</param>
    /// <param name="quiesce">Empties the channel's caches and waits for its accesses in flight. Under the lock: takes none.</param>
    internal void Unbind(InstancePointer instance, Action<Channel> quiesce)
    {
        using (_lock.Enter())
        {
            if (!_channels.TryGetValue(instance, out Channel? channel) || channel.Domain is not { } domain)
            {
                return;
            }

            // Until its accesses are over a flush of the address space must find the channel's caches, and wait for them.
            channel.Domain = null;
            quiesce(channel);
            domain.Remove(channel.Ports);
            if (--domain.Instances == 0)
            {
                SharedWord.Write(ref _domains, [.. _domains.Where(other => other != domain)]);
            }

            RemoveIfUnused(channel);
        }
    }

    /// <summary>The address space of a root, or null. Any thread, no lock.</summary>
    internal TranslationDomain? Find(PageDirectoryBase root)
    {
        foreach (TranslationDomain domain in SharedWord.Read(ref _domains))
        {
            if (domain.Root == root)
            {
                return domain;
            }
        }

        return null;
    }

    /// <summary>The unfinished launches of one channel.</summary>
    internal Launch[] LaunchesOf(InstancePointer instance)
    {
        using (_lock.Enter())
        {
            return _channels.TryGetValue(instance, out Channel? channel) ? [.. channel.Launches] : [];
        }
    }

    /// <summary>The unfinished launches of all channels.</summary>
    internal Launch[] AllLaunches()
    {
        using (_lock.Enter())
        {
            return [.. _channels.Values.SelectMany(channel => channel.Launches)];
        }
    }

    /// <summary>Refuses new launches and bindings from now on.</summary>
    /// <returns>False when it did before.</returns>
    internal bool TryClose()
    {
        using (_lock.Enter())
        {
            bool first = !_isClosed;
            _isClosed = true;
            return first;
        }
    }

    /// <summary>The sums over all ports, those of channels that are gone included.</summary>
    internal GpuCounters Counters()
    {
        using (_lock.Enter())
        {
            GpuCounters sum = _retired;
            foreach (SmPort port in _channels.Values.SelectMany(channel => channel.Ports))
            {
                sum = sum.Plus(port);
            }

            return sum;
        }
    }

    private Channel GetOrAdd(InstancePointer instance)
    {
        if (!_channels.TryGetValue(instance, out Channel? channel))
        {
            channel = new Channel(instance, sms, makePort);
            _channels.Add(instance, channel);
        }

        return channel;
    }

    private void RemoveIfUnused(Channel channel)
    {
        if (channel.Domain is null && channel.Launches.Count == 0 && _channels.Remove(channel.Instance))
        {
            foreach (SmPort port in channel.Ports)
            {
                _retired = _retired.Plus(port);
            }
        }
    }
}
