using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Runs;

/// <summary>The input of a workload that reads bytes.</summary>
/// <param name="Path">The file as the user named it.</param>
/// <param name="Bytes">Its length.</param>
internal sealed record FileInput(string Path, long Bytes)
{
    /// <summary>Names a file.</summary>
    public static FileInput Of(InputFile file) => new(file.Path, file.Length);
}
