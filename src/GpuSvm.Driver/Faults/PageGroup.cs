namespace GpuSvm.Driver;

/// <summary>All faults of one page in a block: they are served by the strongest access, and by weaker ones as long as it cannot be.</summary>
internal struct PageGroup
{
    /// <summary>Place in the sorted batch of the first fault of the access that is being served.</summary>
    public int Next;

    /// <summary>Place behind the group's last fault.</summary>
    public int End;

    /// <summary>Index of the page in its block.</summary>
    public int Page;

    /// <summary>How far it is.</summary>
    public PageState State;

    /// <summary>True once an advice could not be followed: the page is mapped where it is.</summary>
    public bool IsInPlace;
}
