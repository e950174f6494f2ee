namespace GpuSvm.HmmTests;

/// <summary>What a <see cref="DeviceFile"/> can be told to do; the numbers are those of Linux's lib/test_hmm_uapi.h.</summary>
public enum DeviceVerb
{
    /// <summary>The device reads the pages into the buffer.</summary>
    Read = 0,

    /// <summary>The device writes the buffer to the pages.</summary>
    Write = 1,

    /// <summary>Moves pages from the system's memory to the device's, and reads them into the buffer.</summary>
    MigrateToDevice = 2,

    /// <summary>Moves pages from the device's memory to the system's.</summary>
    MigrateToSystem = 3,

    /// <summary>Says of each page what the CPU's page table says: one <see cref="SnapshotByte"/> each into the buffer.</summary>
    Snapshot = 4,

    /// <summary>Gets the pages for the device alone, and reads them into the buffer.</summary>
    MakeExclusive = 5,

    /// <summary>Asks whether the device has none of the pages for itself any more: EPERM if it has.</summary>
    CheckExclusive = 6,

    /// <summary>Moves all that lives in the device's memory to the system's, and gives the memory back.</summary>
    Release = 7,

    /// <summary>Sets the file's <see cref="DeviceFlags"/>, given as the number of pages.</summary>
    SetFlags = 8,
}
