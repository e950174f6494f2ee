namespace GpuSvm.Mm;

/// <summary>Where consecutive pages are, for all of which the same holds.</summary>
/// <param name="Range">The pages.</param>
/// <param name="Location">Where their bytes are.</param>
/// <param name="Rights">What the CPU may do: now, or once the pages are home.</param>
/// <param name="Maps">Number of entries, of all address spaces, that map each of them; 0 where nobody counts.</param>
/// <param name="PageSize">Size in bytes of the pages as they are entered: 4096, or 2 MiB.</param>
/// <param name="FirstFrame">
/// Frame of the first page, the others follow; null where there is none. Of pages that are being moved those that they leave.
/// </param>
/// <param name="Device">The device whose memory it is; null where it is none's.</param>
public readonly record struct ResidencyRun(
    AddressRange Range,
    PageLocation Location,
    Protection Rights,
    int Maps,
    ulong PageSize,
    FrameNumber? FirstFrame,
    DevicePagemap? Device)
{
    /// <summary>True if the next run, which begins where this one ends, says the same.</summary>
    internal bool JoinsWith(in ResidencyRun next) =>
        this with { Range = next.Range, FirstFrame = next.FirstFrame } == next &&
        (FirstFrame is not { } first || Location == PageLocation.ZeroPage || first + Range.PageCount == next.FirstFrame);
}
