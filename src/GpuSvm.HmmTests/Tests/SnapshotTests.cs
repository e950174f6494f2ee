namespace GpuSvm.HmmTests.Tests;

/// <summary>What a device is told of pages that it does not ask for.</summary>
internal static class SnapshotTests
{
    public static void Snapshot(HmmMachine m)
    {
        HmmProcess process = m.Process;
        DeviceFile second = process.Open(m.Second);
        VirtualAddress buffer = process.Map(7, Protection.None);
        process.Unmap(buffer + Page.Size, 1);
        process.Protect(buffer + (2 * Page.Size), 1, Protection.Read);
        Expect.Equal(0, process.Thread.Load<int>(buffer + (2 * Page.Size)), "the zero page");
        process.ProtectAndStore(buffer, 3, Protection.Read);
        for (int page = 4; page < 7; page++)
        {
            process.ProtectAndStore(buffer, page, Protection.ReadWrite);
        }

        m.File.Expect(DeviceVerb.MigrateToDevice, buffer + (5 * Page.Size), 1, (Errno.None, 1, 0));
        second.Expect(DeviceVerb.MigrateToDevice, buffer + (6 * Page.Size), 1, (Errno.None, 1, 0));
        process.ExpectPlace(buffer, 3, 2, Place.System);
        process.ExpectPlace(buffer, 5, 1, Place.FirstDevice);
        process.ExpectPlace(buffer, 6, 1, Place.SecondDevice);

        bool isPrivate = m.Kind == DevicePageKind.Private;
        m.File.ExpectSnapshot(
            buffer,
            SnapshotByte.Error,
            SnapshotByte.Error,
            SnapshotByte.Zero | SnapshotByte.Read,
            SnapshotByte.Read,
            SnapshotByte.Write,
            (isPrivate ? SnapshotByte.PrivateLocal : SnapshotByte.CoherentLocal) | SnapshotByte.Write,
            isPrivate ? SnapshotByte.None : SnapshotByte.CoherentRemote | SnapshotByte.Write);

        // Who only looks changes nothing.
        process.ExpectPlace(buffer, 5, 1, Place.FirstDevice);
        process.ExpectPlace(buffer, 6, 1, Place.SecondDevice);
    }
}
