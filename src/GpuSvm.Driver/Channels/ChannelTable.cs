using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <summary>From an instance pointer to its channel in constant time.</summary>
/// <remarks>
/// <para>
/// No instance pointer is given out twice: the ring may hold a fault of a channel that has parted, and a launch may still be on its way
/// to it. Neither may ever meet the channel of someone else.
/// </para>
/// <para>Locking: readers hold the driver's SVM lock shared, writers exclusively.</para>
/// </remarks>
internal sealed class ChannelTable
{
    private readonly Dictionary<InstancePointer, Channel> _channels = [];
    private ulong _lastInstance;

    /// <summary>Makes a channel of <paramref name="client"/> with an instance pointer of its own.</summary>
    public Channel Add(SvmClient client)
    {
        _lastInstance += Page.Size;
        var channel = new Channel(client, new InstancePointer(_lastInstance));
        _channels.Add(channel.Instance, channel);
        return channel;
    }

    /// <summary>Forgets a channel.</summary>
    /// <returns>False when it is not here any more.</returns>
    public bool Remove(Channel channel) => _channels.Remove(channel.Instance);

    /// <summary>The channel of an instance pointer; false for one that no channel has.</summary>
    public bool TryFind(InstancePointer instance, [NotNullWhen(true)] out Channel? channel) =>
        _channels.TryGetValue(instance, out channel);

    /// <summary>The channels of one client.</summary>
    public IEnumerable<Channel> Of(SvmClient client) => _channels.Values.Where(channel => channel.Client == client);
}
