namespace GpuSvm.Mutate.Killers;

/// <summary>Copies of built programs, in which one assembly at a time is a mutated one. The checkout itself is never touched.</summary>
/// <param name="root">Root of the checkout.</param>
/// <param name="cpu">The CPU for programs that use one, as a mask.</param>
public sealed class Workplace(string root, nint cpu) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("gpusvm-mutate-").FullName;

    /// <summary>The CPU for programs that use one, as a mask.</summary>
    public nint Cpu { get; } = cpu;

    /// <summary>Puts a mutated assembly in the copy of a program's folder, which is made on first use.</summary>
    /// <returns>The copy.</returns>
    public string Put(string folder, string assembly, byte[] mutated)
    {
        string copy = CopyOf(folder);
        string original = Path.Combine(root, folder);
        if (!Directory.Exists(copy))
        {
            foreach (string file in Directory.EnumerateFiles(original, "*", SearchOption.AllDirectories))
            {
                string to = Path.Combine(copy, Path.GetRelativePath(original, file));
                Directory.CreateDirectory(Path.GetDirectoryName(to)!);
                File.Copy(file, to);
            }
        }

        File.WriteAllBytes(Path.Combine(copy, $"{assembly}.dll"), mutated);
        return copy;
    }

    /// <summary>Puts the assembly that was built back.</summary>
    public void Restore(string folder, string assembly) =>
        File.Copy(Path.Combine(root, folder, $"{assembly}.dll"), Path.Combine(CopyOf(folder), $"{assembly}.dll"), overwrite: true);

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string CopyOf(string folder) => Path.Combine(_folder, folder.Split('/')[1]);
}
