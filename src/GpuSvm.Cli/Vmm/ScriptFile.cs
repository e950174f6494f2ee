using System.Text;
using GpuSvm.Cli.Options;

namespace GpuSvm.Cli.Vmm;

/// <summary>Where a script comes from: a file, or standard input.</summary>
internal static class ScriptFile
{
    /// <summary>What names standard input.</summary>
    public const string StandardInput = "-";

    private const int BufferBytes = 1 << 16;

    /// <summary>Opens a script and hands it to somebody who reads it.</summary>
    /// <param name="path">A path, or <see cref="StandardInput"/>.</param>
    /// <param name="read">Reads it.</param>
    /// <exception cref="BadInputException">It cannot be opened or read.</exception>
    public static void Read(string path, Action<TextReader> read)
    {
        using Stream stream = path == StandardInput ? Console.OpenStandardInput() : InputFile.OpenOnce(path);
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: true, BufferBytes);
        try
        {
            read(reader);
        }
        catch (IOException refused)
        {
            throw new BadInputException($"{path}: cannot be read: {refused.Message}");
        }
    }
}
