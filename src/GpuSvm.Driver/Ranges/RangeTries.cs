namespace GpuSvm.Driver;

/// <summary>What was tried already to serve a range's faults.</summary>
internal struct RangeTries
{
    /// <summary>Times that it was tried to move it.</summary>
    public int Moves;

    /// <summary>True when it is to be moved next, whatever the policy says: pages were found that can be used on the device only.</summary>
    public bool MustMove;

    /// <summary>Times that such pages were found elsewhere.</summary>
    public int Departures;

    /// <summary>Times that its pages could not be had, though it was not unmapped.</summary>
    public int Failures;

    /// <summary>True once its pages were sent home, because they could not be mapped where they were.</summary>
    public bool IsSentHome;
}
