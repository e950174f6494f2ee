namespace GpuSvm.Mm.Tests;

/// <summary>A simulated CPU that writes down what takes and gives access.</summary>
internal sealed class RecordingCpu(SimulatedCpu cpu) : ICpu
{
    public List<string> Log { get; } = [];

    public CpuCapabilities Capabilities => cpu.Capabilities;

    public void Attach(ICpuFaultHandler handler, CpuPageTable table) => cpu.Attach(handler, table);

    public bool Map(AddressRange range, FrameNumber firstFrame, Protection protection)
    {
        Log.Add($"map {range} {protection}");
        return cpu.Map(range, firstFrame, protection);
    }

    public void WriteProtect(AddressRange range)
    {
        Log.Add($"protect {range}");
        cpu.WriteProtect(range);
    }

    public void Isolate(AddressRange range)
    {
        Log.Add($"isolate {range}");
        cpu.Isolate(range);
    }

    public void Revoke(AddressRange range, FrameNumber firstFrame)
    {
        Log.Add($"revoke {range}");
        cpu.Revoke(range, firstFrame);
    }

    public void Leave(AddressRange range)
    {
        Log.Add($"leave {range}");
        cpu.Leave(range);
    }

    public void Detach(AddressRange range, FrameNumber firstFrame)
    {
        Log.Add($"detach {range}");
        cpu.Detach(range, firstFrame);
    }

    public void Wake(AddressRange range)
    {
        Log.Add($"wake {range}");
        cpu.Wake(range);
    }
}
