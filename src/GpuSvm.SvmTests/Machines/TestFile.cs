namespace GpuSvm.SvmTests;

/// <summary>A file of the computer for as long as a test lasts, which a process maps.</summary>
internal sealed class TestFile : IDisposable
{
    private readonly string _path = Path.GetTempFileName();
    private readonly byte[] _bytes;

    /// <summary>Makes a file.</summary>
    /// <param name="frames">The machine's frames.</param>
    /// <param name="bytes">What is in it.</param>
    public TestFile(PageFrames frames, byte[] bytes)
    {
        _bytes = bytes;
        File.WriteAllBytes(_path, bytes);
        Cache = FileCache.Open(frames, _path, FileAccess.ReadWrite);
    }

    /// <summary>Its pages.</summary>
    public FileCache Cache { get; }

    /// <summary>Lets go of the pages, and stops the test unless the file is as it was made.</summary>
    public void ExpectUnchanged()
    {
        Cache.Dispose();
        Expect.Bytes(_bytes, File.ReadAllBytes(_path), "the file whose private mapping was written");
    }

    public void Dispose()
    {
        Cache.Dispose();
        File.Delete(_path);
    }
}
