namespace GpuSvm.HmmTests;

/// <summary>Commands as tests give them.</summary>
internal static class DeviceFileCommands
{
    /// <summary>Gives a command, and stops the test unless its result is as expected.</summary>
    /// <param name="file">The device.</param>
    /// <param name="verb">What to do.</param>
    /// <param name="buffer">First page.</param>
    /// <param name="pages">Number of pages.</param>
    /// <param name="expected">The result: on failure nothing is copied back, so the counts are those of the caller.</param>
    /// <returns>What the device read: a page or a byte each.</returns>
    public static byte[] Expect(
        this DeviceFile file, DeviceVerb verb, VirtualAddress buffer, int pages, (Errno Error, ulong Pages, ulong Faults) expected)
    {
        byte[] mirror = new byte[pages * (int)Page.Size];
        HmmTests.Expect.Equal(expected, file.Run(verb, buffer, pages, mirror), $"{verb} of {pages} pages: (error, pages, faults)");
        return mirror;
    }

    /// <summary>Has the device write, and stops the test unless the result is as expected.</summary>
    public static void ExpectWrite(
        this DeviceFile file, VirtualAddress buffer, byte[] mirror, (Errno Error, ulong Pages, ulong Faults) expected)
    {
        int pages = mirror.Length / (int)Page.Size;
        HmmTests.Expect.Equal(expected, file.Run(DeviceVerb.Write, buffer, pages, mirror), $"Write of {pages} pages: (error, pages, faults)");
    }

    /// <summary>Stops the test unless a snapshot says this of each page.</summary>
    public static void ExpectSnapshot(this DeviceFile file, VirtualAddress buffer, params SnapshotByte[] expected)
    {
        byte[] bytes = file.Expect(DeviceVerb.Snapshot, buffer, expected.Length, (Errno.None, 0, 0));
        HmmTests.Expect.Pages(expected, Array.ConvertAll(bytes[..expected.Length], one => (SnapshotByte)one), "snapshot");
    }

    /// <summary>Gives a command whose counts are 0 before.</summary>
    public static (Errno Error, ulong Pages, ulong Faults) Run(this DeviceFile file, DeviceVerb verb, VirtualAddress buffer, int pages, byte[] mirror)
    {
        var command = new DeviceCommand(buffer, (ulong)pages);
        Errno error = file.Run(verb, ref command, mirror);
        return (error, command.CopiedPages, command.Faults);
    }
}
