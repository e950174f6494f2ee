namespace GpuSvm.Mm.Tests;

/// <summary>A file that is gone after the test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(params byte[] bytes) => File.WriteAllBytes(Path, bytes);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), System.IO.Path.GetRandomFileName());

    public byte[] Bytes => File.ReadAllBytes(Path);

    /// <summary>A file of pages, each filled with its number from 1 on; the last one may be cut short.</summary>
    public static TemporaryFile OfPages(int bytes) => new([.. Enumerable.Range(0, bytes).Select(i => (byte)((i >> 12) + 1))]);

    public void Dispose() => File.Delete(Path);
}
