using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm.Live.Programs;

/// <summary>A CPU that counts how often it could not be told of an entry.</summary>
internal sealed class CountingCpu(ICpu cpu) : ICpu
{
    private int _putOff;

    /// <summary>Number of calls of <see cref="Map"/> that were put off.</summary>
    public int PutOff => Volatile.Read(ref _putOff);

    /// <inheritdoc/>
    public CpuCapabilities Capabilities => cpu.Capabilities;

    /// <inheritdoc/>
    public void Attach(ICpuFaultHandler handler, CpuPageTable table) => cpu.Attach(handler, table);

    /// <inheritdoc/>
    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection)
    {
        bool isMapped = cpu.Map(range, firstFrame, protection);
        if (!isMapped)
        {
            Interlocked.Increment(ref _putOff);
        }

        return isMapped;
    }

    /// <inheritdoc/>
    public void WriteProtect(AddressRange range) => cpu.WriteProtect(range);

    /// <inheritdoc/>
    public void Isolate(AddressRange range) => cpu.Isolate(range);

    /// <inheritdoc/>
    public void Revoke(AddressRange range, FrameNumber firstFrame) => cpu.Revoke(range, firstFrame);

    /// <inheritdoc/>
    public void Leave(AddressRange range) => cpu.Leave(range);

    /// <inheritdoc/>
    public void Detach(AddressRange range, FrameNumber firstFrame) => cpu.Detach(range, firstFrame);

    /// <inheritdoc/>
    public void Wake(AddressRange range) => cpu.Wake(range);
}
