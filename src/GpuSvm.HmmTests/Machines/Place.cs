namespace GpuSvm.HmmTests;

/// <summary>Where a page is, as its entry and its frame say.</summary>
internal enum Place
{
    /// <summary>It has no entry.</summary>
    Nowhere,

    /// <summary>It shares the zero page.</summary>
    ZeroPage,

    /// <summary>In a frame of the system's memory.</summary>
    System,

    /// <summary>In the system's memory, for a device alone.</summary>
    Exclusive,

    /// <summary>In memory of the first device.</summary>
    FirstDevice,

    /// <summary>In memory of the second device.</summary>
    SecondDevice,

    /// <summary>Somewhere that no test expects.</summary>
    Strange,
}
