namespace GpuSvm.Workloads;

/// <summary>What one walk saw, and when.</summary>
/// <param name="VersionBefore">The list's version when the walk began.</param>
/// <param name="VersionAfter">The list's version when it ended.</param>
/// <param name="Seen">The values along the walk.</param>
public readonly record struct ListWalkRecord(long VersionBefore, long VersionAfter, ListDigest Seen);
