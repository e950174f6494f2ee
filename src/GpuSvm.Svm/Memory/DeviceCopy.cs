namespace GpuSvm.Svm;

/// <summary>Pages that are to be copied between a device's memory and the system's.</summary>
/// <param name="DevicePage">Number of the first page in the device's memory.</param>
/// <param name="System">Where the device finds the pages of the system, one behind the other; null for pages of zeroes.</param>
/// <param name="Pages">How many, at least 1.</param>
public readonly record struct DeviceCopy(ulong DevicePage, DeviceAddress? System, int Pages);
