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
        CheckName(path);
        if (HasNoBytes(path))
        {
            throw new BadInputException($"{path}: is empty or not a regular file, expected at least one byte");
        }

        using FileStream stream = Open(path);
        return !stream.CanSeek ? throw new BadInputException($"{path}: cannot be read twice, expected a regular file") :
            new InputFile(path, stream.Length);
    }

    /// <summary>Opens a file that is read once: it may be empty, or a pipe.</summary>
    /// <exception cref="BadInputException">It cannot be opened.</exception>
    public static FileStream OpenOnce(string path)
    {
        CheckName(path);
        return Open(path);
    }

    /// <summary>Opens the file at its beginning.</summary>
    /// <exception cref="BadInputException">It can no longer be opened.</exception>
    public FileStream Open() => Open(Path);

    private static void CheckName(string path)
    {
        if (path.Length == 0)
        {
            throw new BadInputException("FILE: is an empty path, expected the name of a file");
        }

        if (Directory.Exists(path))
        {
            throw new BadInputException($"{path}: is a directory, expected a file");
        }
    }

    // Asked before opening: to open a named pipe waits for a writer, for ever if none comes.
    private static bool HasNoBytes(string path)
    {
        var file = new FileInfo(path);
        try
        {
            FileSystemInfo target = file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
            return target is FileInfo { Exists: true, Length: 0 };
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return false; // Opening it tells what is wrong.
        }
    }

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
