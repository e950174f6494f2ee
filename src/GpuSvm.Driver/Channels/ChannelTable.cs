using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Driver;

/// <summary>From an instance pointer to its channel in constant time.</summary>
/// <remarks>
/// <para>
/// The driver gives no instance pointer out twice: the ring may hold a fault of a channel that has parted, and a launch may still be on
/// its way to it. Who names an instance pointer itself may use it again: what is left of the channel before finds no access that waits.
/// </para>
/// <para>Locking: readers hold the driver's SVM lock shared, writers exclusively.</para>
/// </remarks>
internal sealed class ChannelTable
{
    private readonly Dictionary<InstancePointer, Channel> _channels = [];
    private ulong _lastInstance;

    /// <summary>An instance pointer that no channel has had, above all that were ever named.</summary>
    public InstancePointer NewInstance => new(_lastInstance + Page.Size);

    /// <summary>Makes a channel of <paramref name="client"/>; null when the instance pointer is another channel's.</summary>
    public Channel? TryAdd(SvmClient client, InstancePointer instance)
    {
        var channel = new Channel(client, instance);
        if (!_channels.TryAdd(instance, channel))
        {
            return null;
        }

        _lastInstance = Math.Max(_lastInstance, instance.Address);
        return channel;
    }

    /// <summary>Forgets a channel.</summary>
    /// <returns>False when it is not here any more, be it that its instance pointer names another channel by now.</returns>
    public bool Remove(Channel channel) =>
        TryFind(channel.Instance, out Channel? found) && found == channel && _channels.Remove(channel.Instance);

    /// <summary>The channel of an instance pointer; false for one that no channel has.</summary>
    public bool TryFind(InstancePointer instance, [NotNullWhen(true)] out Channel? channel) =>
        _channels.TryGetValue(instance, out channel);

    /// <summary>The channels of one client.</summary>
    public Channel[] Of(SvmClient client) => [.. _channels.Values.Where(channel => channel.Client == client)];

    /// <summary>All channels.</summary>
    public Channel[] All() => [.. _channels.Values];
}
