namespace GpuSvm.Svm;

/// <summary>What stands behind the pages of one allocation: each page in use has a reference, and the migration that makes it one more.</summary>
/// <remarks>Source: Linux struct drm_gpusvm_zdd.</remarks>
internal sealed class ZoneDeviceData(DeviceAllocation allocation)
{
    private int _references = 1;

    /// <summary>The allocation.</summary>
    public DeviceAllocation Allocation => allocation;

    /// <summary>Number of references.</summary>
    public int References => SharedWord.Read(ref _references);

    /// <summary>The word that the pages carry: the place in the table, from 1 on.</summary>
    public ulong Word { get; set; }

    /// <summary>Takes references, by who has one.</summary>
    public void Get(int count) => SharedWord.Add(ref _references, count);

    /// <summary>Drops references.</summary>
    /// <returns>True if they were the last.</returns>
    public bool Put(int count)
    {
        int left = SharedWord.Add(ref _references, -count);
        Checks.That(left >= 0, "An allocation is not put more often than it was got.");
        return left == 0;
    }
}
