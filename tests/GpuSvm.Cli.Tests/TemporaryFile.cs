using System.Text;

namespace GpuSvm.Cli.Tests;

/// <summary>A file that is deleted with the test.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(byte[] content)
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"gpusvm-{Guid.NewGuid():N}.txt");
        File.WriteAllBytes(Path, content);
    }

    public TemporaryFile(string content)
        : this(Encoding.UTF8.GetBytes(content))
    {
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
