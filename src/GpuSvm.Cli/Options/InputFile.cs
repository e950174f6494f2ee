namespace GpuSvm.Cli.Options;

/// <summary>A file that the user named, and that can be read as often as needed.</summary>
internal sealed class InputFile
{
    private const int BufferBytes = 1 << 16;

    private InputFile(string path, long length)
    {
        Path = path;
        Length = length;
    }

    /// <summary>The path as the user wrote it.</summary>
    public string Path { get; }

    /// <summary>Length in bytes, at least 1.</summary>
    public long Length { get; }

    /// <summary>Checks that a file is there, can be read again and again, and holds something.</summary>
    /// <exception cref="BadInputException">It is not.</exception>
    public static InputFile At(string path)
    {
        if (Directory.Exists(path))
        {
            throw new BadInputException($"{path}: is a directory, expected a file");
        }

        using FileStream stream = Open(path);
        return !stream.CanSeek ? throw new BadInputException($"{path}: cannot be read twice, expected a regular file") :
            stream.Length == 0 ? throw new BadInputException($"{path}: is empty, expected at least one byte") :
            new InputFile(path, stream.Length);
    }

    /// <summary>Opens the file at its beginning.</summary>
    /// <exception cref="BadInputException">It can no longer be opened.</exception>
    public FileStream Open() => Open(Path);

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes, FileOptions.SequentialScan);
        }
        catch (Exception refused) when (refused is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new BadInputException($"{path}: no such file");
        }
        catch (UnauthorizedAccessException)
        {
            throw new BadInputException($"{path}: may not be read, expected a file with read permission");
        }
        catch (Exception refused) when (refused is IOException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException($"{path}: cannot be opened: {refused.Message}");
        }
    }
}
