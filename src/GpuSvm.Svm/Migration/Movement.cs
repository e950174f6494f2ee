namespace GpuSvm;

/// <summary>Whether the pages of a range move to a device one by one, or only together.</summary>
public enum Movement : byte
{
    /// <summary>Each page that can be moved moves; the others stay where they are.</summary>
    BestEffort,

    /// <summary>All pages move, or none. The original's way.</summary>
    AllOrNothing,
}
