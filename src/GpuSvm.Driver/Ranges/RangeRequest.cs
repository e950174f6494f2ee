namespace GpuSvm.Driver;

/// <summary>What the faults of a range ask for.</summary>
/// <param name="Writes">One of them wants to write.</param>
/// <param name="Moves">The range is to be moved to the device's memory first.</param>
/// <param name="IsDeviceOnly">Only the device's memory will do: atomics, where they are tried there.</param>
/// <param name="ComesHome">Pages in the device's memory are brought home first.</param>
/// <param name="IsUniform">All pages must lie in one place.</param>
internal readonly record struct RangeRequest(bool Writes, bool Moves, bool IsDeviceOnly, bool ComesHome, bool IsUniform)
{
    /// <summary>The same as the space understands it.</summary>
    public SvmContext Context => new()
    {
        IsReadOnly = !Writes,
        IsDeviceMemoryOnly = IsDeviceOnly,
        Placement = IsUniform ? SvmPlacement.Uniform : SvmPlacement.Mixed,
    };
}
