namespace GpuSvm.Driver;

/// <summary>What a <see cref="SizedRangesStrategy"/> needs of the device whose entries it keeps true.</summary>
/// <param name="Dma">How the device reaches system memory.</param>
/// <param name="Memory">The device's own memory; null if no pages of this client live there.</param>
/// <param name="Background">Runs what need not be done at once; null to do it at the next fault.</param>
/// <param name="Ranges">How ranges are made.</param>
internal sealed record MirrorDevice(IDmaMapper Dma, DeviceMemory? Memory, WorkQueue? Background, SvmRangeOptions Ranges);
