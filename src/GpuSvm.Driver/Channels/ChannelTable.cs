namespace GpuSvm.Driver;

/// <summary>From an instance pointer to its channel in constant time: the pointer is the slot's number times 4096.</summary>
/// <remarks>Locking: readers hold the driver's SVM lock shared, writers exclusively.</remarks>
internal sealed class ChannelTable
{
    private readonly List<Channel?> _slots = [null];
    private readonly Stack<int> _free = new();

    /// <summary>Number of channels.</summary>
    public int Count => _slots.Count - 1 - _free.Count;

    /// <summary>Makes a channel of <paramref name="client"/> with an instance pointer of its own.</summary>
    public Channel Add(SvmClient client)
    {
        if (!_free.TryPop(out int slot))
        {
            slot = _slots.Count;
            _slots.Add(null);
        }

        var channel = new Channel(client, new InstancePointer((ulong)slot * Page.Size));
        _slots[slot] = channel;
        return channel;
    }

    /// <summary>Forgets a channel; its instance pointer may be given out again.</summary>
    public void Remove(Channel channel)
    {
        int slot = (int)(channel.Instance.Address >> Page.Shift);
        Checks.That(ReferenceEquals(_slots[slot], channel), "A channel that parts is in the table.");
        _slots[slot] = null;
        _free.Push(slot);
    }

    /// <summary>The channel of an instance pointer; false for one that no channel has.</summary>
    public bool TryFind(InstancePointer instance, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out Channel? channel)
    {
        ulong slot = instance.Address >> Page.Shift;
        channel = Page.IsAligned(instance.Address) && slot < (ulong)_slots.Count ? _slots[(int)slot] : null;
        return channel is not null;
    }

    /// <summary>The channels of one client.</summary>
    public IEnumerable<Channel> Of(SvmClient client) => _slots.Where(channel => channel?.Client == client).Select(channel => channel!);
}
