namespace GpuSvm.Telemetry.Perfetto;

/// <summary>How the begin and the end of a wait for a fault are told to belong together.</summary>
internal readonly record struct FaultKey(EventTrack Track, ulong Id, ulong Address)
{
    public static FaultKey Of(in SvmEvent fault) => new(fault.Track, fault.Id, fault.Address);
}
