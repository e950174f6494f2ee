namespace GpuSvm.Svm;

/// <summary>What became of a range whose pages were to move to a device.</summary>
/// <param name="Pages">Number of pages that have moved.</param>
/// <param name="Error">The first error; see <see cref="DeviceMemory.MigrateToDevice"/>.</param>
public readonly record struct DeviceMigrationResult(long Pages, Errno Error);
