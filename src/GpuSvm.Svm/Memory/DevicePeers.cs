namespace GpuSvm.Svm;

/// <summary>Devices of one machine that reach each other's memory: a page that lives with one is mapped by the others where it is.</summary>
/// <remarks>
/// Whoever joins is connected with all that are there, or does not join. The memory of one that leaves is empty, so no entry of another
/// names it any more: a page that goes home is taken from all mirrors first. Locking: a device lock of its own, around joining and leaving;
/// the look-up takes none. Source: Linux drm_pagemap_acquire_owner, whose devices share an owner.
/// </remarks>
/// <param name="link">What a device may do with pages of another.</param>
public sealed class DevicePeers(PeerLink link)
{
    /// <summary>Most devices of a group: as many as an entry of a GPU can name.</summary>
    public const int Limit = 8;

    private readonly RankedLock _lock = new(LockRank.Device);
    private readonly DeviceMemory?[] _members = new DeviceMemory?[Limit];

    /// <summary>What a device may do with pages of another.</summary>
    public PeerLink Link => link;

    /// <summary>Finds the device in whose memory a page lives.</summary>
    /// <param name="frame">Its frame.</param>
    /// <param name="number">The device's number in the group, by which the others name it in their entries.</param>
    /// <param name="page">Number of the page in its memory.</param>
    /// <returns>The memory; null for a frame of system memory, or of a device of no such group.</returns>
    public DeviceMemory? Find(FrameNumber frame, out int number, out ulong page)
    {
        for (number = 0; number < Limit; number++)
        {
            if (SharedWord.Read(ref _members[number]) is { } member && member.TryGetDevicePage(frame, out page))
            {
                return member;
            }
        }

        page = 0;
        return null;
    }

    /// <summary>The frame of a page in the memory of a member, which stays as long as the page does.</summary>
    internal FrameNumber FrameOf(int number, ulong page) => SharedWord.Read(ref _members[number])!.Pagemap.FirstFrame + page;

    /// <summary>Takes a memory in.</summary>
    /// <returns>ENOSPC when the group is full; EINVAL for a memory of another machine; else what connecting it has ended with.</returns>
    internal Errno TryJoin(DeviceMemory memory)
    {
        using (_lock.Enter())
        {
            int own = Array.IndexOf(_members, null);
            if (own < 0)
            {
                return Errno.ENOSPC;
            }

            for (int i = 0; i < Limit; i++)
            {
                if (_members[i] is not { } other)
                {
                    continue;
                }

                Errno error = other.Frames == memory.Frames ? Connect(memory, own, other, i) : Errno.EINVAL;
                if (error != Errno.None)
                {
                    Disconnect(memory, own, i);
                    return error;
                }
            }

            SharedWord.Write(ref _members[own], memory);
            return Errno.None;
        }
    }

    /// <summary>Lets a memory go, in which no page lives any more; one that is no member is passed over.</summary>
    internal void Leave(DeviceMemory memory)
    {
        using (_lock.Enter())
        {
            int own = Array.IndexOf(_members, memory);
            if (own >= 0)
            {
                SharedWord.Write(ref _members[own], null);
                Disconnect(memory, own, Limit);
            }
        }
    }

    private static Errno Connect(DeviceMemory memory, int own, DeviceMemory other, int number)
    {
        Errno error = memory.Operations.ConnectPeer(number, other.Operations);
        if (error != Errno.None)
        {
            return error;
        }

        error = other.Operations.ConnectPeer(own, memory.Operations);
        if (error != Errno.None)
        {
            memory.Operations.DisconnectPeer(number);
        }

        return error;
    }

    /// <summary>Disconnects a memory from the members below a number.</summary>
    private void Disconnect(DeviceMemory memory, int own, int end)
    {
        for (int i = 0; i < end; i++)
        {
            if (i != own && _members[i] is { } other)
            {
                other.Operations.DisconnectPeer(own);
                memory.Operations.DisconnectPeer(i);
            }
        }
    }
}
