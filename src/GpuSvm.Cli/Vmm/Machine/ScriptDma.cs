using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>Gives every page of the host its own address as that for the device, and counts.</summary>
internal sealed class ScriptDma : IDmaMapper
{
    /// <inheritdoc/>
    public long MappedPages { get; private set; }

    /// <summary>Mappings made since <see cref="ResetCounts"/>, of whatever size.</summary>
    public long Maps { get; private set; }

    /// <summary>Mappings undone since <see cref="ResetCounts"/>.</summary>
    public long Unmaps { get; private set; }

    /// <summary>Mappings that there are now.</summary>
    public long Live { get; private set; }

    /// <summary>Counts from 0 on again; what is live stays counted.</summary>
    public void ResetCounts() => (Maps, Unmaps) = (0, 0);

    /// <inheritdoc/>
    public Errno TryMap(FrameNumber frame, int order, DmaDirection direction, out DeviceAddress address)
    {
        address = new DeviceAddress(frame.Address.Value);
        Maps++;
        Live++;
        MappedPages += 1L << order;
        return Errno.None;
    }

    /// <inheritdoc/>
    public void Unmap(DeviceAddress address, int order)
    {
        Unmaps++;
        Live--;
        MappedPages -= 1L << order;
    }
}
