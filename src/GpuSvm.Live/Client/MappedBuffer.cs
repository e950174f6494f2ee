namespace GpuSvm.Live;

/// <summary>A buffer that the app has mapped.</summary>
/// <param name="Id">How the engine names it.</param>
/// <param name="Range">Where it is mapped: whole pages.</param>
internal readonly record struct MappedBuffer(long Id, AddressRange Range);
