using static GpuSvm.HmmTests.HmmProcess;

namespace GpuSvm.HmmTests.Tests;

/// <summary>Files that are mapped.</summary>
internal static class FileTests
{
    public static void FileRead(HmmMachine m)
    {
        using var file = new TemporaryFile(Ints(0, BufferPages, Index));
        using FileCache cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        VirtualAddress buffer = m.Process.MapFile(cache, Protection.Read, MapSharing.Shared);

        byte[] mirror = m.File.Expect(DeviceVerb.Read, buffer, BufferPages, (Errno.None, BufferPages, 1));

        Expect.Ints(mirror, Index, "what the device reads");
        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        Expect.Equal(BufferPages, cache.CachedPages, "pages of the file in memory");
        m.Process.Unmap(buffer, BufferPages);
    }

    public static void FileWrite(HmmMachine m)
    {
        using var file = new TemporaryFile(Ints(0, BufferPages, i => -i));
        using FileCache cache = FileCache.Open(m.Frames, file.Path, FileAccess.ReadWrite);
        VirtualAddress buffer = m.Process.MapFile(cache, Protection.ReadWrite, MapSharing.Shared);

        m.File.ExpectWrite(buffer, Ints(0, BufferPages, Index), (Errno.None, BufferPages, 1));

        m.Process.ExpectPlace(buffer, 0, BufferPages, Place.System);
        m.Process.ExpectInts(buffer, 0, BufferPages);
        Expect.Equal(Errno.None, m.Process.Space.Sync(buffer, BufferPages * Page.Size), "msync");
        Expect.Ints(file.Bytes, Index, "what is in the file");
        m.Process.Unmap(buffer, BufferPages);
    }

    public static void MigrateFilePrivate(HmmMachine m)
    {
        using var file = new TemporaryFile(Ints(0, BufferPages, i => -i));
        using FileCache cache = FileCache.Open(m.Frames, file.Path, FileAccess.Read);
        VirtualAddress buffer = m.Process.MapFile(cache, Protection.ReadWrite, MapSharing.Private);
        m.Process.Fill(buffer, 0, BufferPages);

        m.ExpectToDevice(buffer, BufferPages);

        m.Process.ExpectInts(buffer, 0, BufferPages);
        Expect.Ints(file.Bytes, i => -i, "what is in the file");
        m.Process.Unmap(buffer, BufferPages);
    }
}
