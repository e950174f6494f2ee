namespace GpuSvm.Svm;

/// <summary>
/// Pages of a range that the device maps as one: a power of two of them, aligned in the address space and where they lie.
/// </summary>
/// <param name="System">Where the device finds them in system memory; null if they lie in its own.</param>
/// <param name="DevicePage">Number of the first page in the device's memory, if they lie there.</param>
/// <param name="Order">Binary logarithm of their number.</param>
/// <remarks>Source: Linux struct drm_pagemap_addr.</remarks>
public readonly record struct MappedBlock(DeviceAddress? System, ulong DevicePage, int Order)
{
    /// <summary>How many pages.</summary>
    public int PageCount => 1 << Order;
}
