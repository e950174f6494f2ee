using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Mm.Tests;

/// <summary>A file that fails whoever has it open, as on a disk that breaks: the system's own calls fail from then on.</summary>
/// <remarks>Linux: another file takes the place of this one behind its open descriptor.</remarks>
internal sealed class FailingFile : IDisposable
{
    private readonly int _descriptor;
    private readonly SafeFileHandle _kept;

    /// <summary>Finds a file that this process has open once.</summary>
    public FailingFile(string path)
    {
        string only = Assert.Single(Directory.GetFiles("/proc/self/fd"), link => new FileInfo(link).LinkTarget == path);
        _descriptor = int.Parse(Path.GetFileName(only), CultureInfo.InvariantCulture);
        _kept = new SafeFileHandle(Call(dup(_descriptor)), ownsHandle: true);
    }

    /// <summary>Lets every read fail: the file is open for writing only.</summary>
    public void FailReads(string path) => Become(path, FileAccess.Write);

    /// <summary>Lets every write fail: the file is open for reading only.</summary>
    public void FailWrites(string path) => Become(path, FileAccess.Read);

    /// <summary>Lets the file work again.</summary>
    public void Heal() => Call(dup2((int)_kept.DangerousGetHandle(), _descriptor));

    /// <summary>Leaves the file as it is.</summary>
    public void Dispose() => _kept.Dispose();

    private void Become(string path, FileAccess access)
    {
        using var other = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        Call(dup2((int)other.DangerousGetHandle(), _descriptor));
    }

    private static int Call(int result) => result >= 0 ? result : throw new InvalidOperationException("A descriptor could not be copied.");

    [DllImport("libc")]
    private static extern int dup(int descriptor);

    [DllImport("libc")]
    private static extern int dup2(int descriptor, int other);
}
