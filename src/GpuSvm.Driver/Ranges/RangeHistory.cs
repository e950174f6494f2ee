namespace GpuSvm.Driver;

/// <summary>What the driver remembers of a range: <see cref="SvmRange.Data"/>. Guarded by the update lock.</summary>
internal sealed class RangeHistory
{
    /// <summary>When pages of it were last taken back from the device's memory, in nanoseconds; null for never.</summary>
    public long? HomeAt { get; set; }

    /// <summary>True while a fault moves it to the device's memory: what it hears of then is that.</summary>
    public bool IsMoving { get; set; }
}
