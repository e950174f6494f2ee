using GpuSvm.Telemetry;

namespace GpuSvm.Cli.Runs;

/// <summary>A trace that a run writes: the events are kept while it runs, and written when it has ended.</summary>
/// <remarks>
/// What is at the path stays as it is until the trace is complete beside it, under the same name with <c>.part</c> behind. So the name is
/// known to be good before anything runs, and a run that is refused takes nothing away.
/// </remarks>
internal sealed class TraceFile : IDisposable
{
    // About 80 bytes an event: 20 MB for what a recorder that does not get its turn leaves behind, 320 MB for a whole run.
    private const int StreamEvents = 1 << 18;
    private const int MostEvents = 1 << 22;
    private readonly string _path;
    private readonly string _part;
    private readonly FileStream _output;
    private readonly EventRecorder _recorder;

    private TraceFile(string path, string part, FileStream output)
    {
        _path = path;
        _part = part;
        _output = output;
        Events = new EventStream(StreamEvents);
        _recorder = new EventRecorder(Events, MostEvents);
    }

    /// <summary>Where the machine writes what happens.</summary>
    public EventStream Events { get; }

    /// <summary>Starts to keep events for a file.</summary>
    /// <param name="path">The file as the user named it; made, or replaced by <see cref="Complete"/>.</param>
    /// <exception cref="BadInputException">No such file can be written.</exception>
    public static TraceFile Open(string path)
    {
        if (path.Length == 0)
        {
            throw new BadInputException("--trace: is an empty path, expected the name of a file");
        }

        if (Directory.Exists(path))
        {
            throw new BadInputException($"--trace {path}: is a directory, expected a file");
        }

        string part = path + ".part";
        try
        {
            DemandWritable(path);
            return new TraceFile(path, part, new FileStream(part, FileMode.Create, FileAccess.Write));
        }
        catch (DirectoryNotFoundException)
        {
            throw new BadInputException($"--trace {path}: no such directory");
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new BadInputException($"--trace {path}: cannot be written: {refused.Message}");
        }
    }

    /// <summary>Writes the trace and puts it in its place. Call it when the machine has ended or is idle.</summary>
    /// <returns>What was written.</returns>
    /// <exception cref="BadInputException">There was no room for it; what was at the path is still there.</exception>
    public TraceDocument Complete()
    {
        RecordedEvents recorded = _recorder.Stop();
        try
        {
            PerfettoTrace.Write(recorded, _output);
            _output.Dispose();
            Place();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw new BadInputException($"--trace {_path}: cannot be written: {refused.Message}");
        }

        return new TraceDocument(_path, recorded.Events.Count, recorded.Dropped);
    }

    /// <summary>Stops; without <see cref="Complete"/> nothing is left of the trace.</summary>
    public void Dispose()
    {
        _recorder.Dispose();
        _output.Dispose();
        File.Delete(_part);
    }

    /// <summary>Moves the finished trace to its place; what has no length may be a device or a pipe, and is written to instead.</summary>
    private void Place()
    {
        if (new FileInfo(_path) is not { Exists: true, Length: 0 })
        {
            File.Move(_part, _path, overwrite: true);
            return;
        }

        using FileStream source = File.OpenRead(_part);
        using var target = new FileStream(_path, FileMode.Open, FileAccess.Write);
        source.CopyTo(target);
    }

    private static void DemandWritable(string path)
    {
        if (File.Exists(path))
        {
            using var earlier = new FileStream(path, FileMode.Open, FileAccess.ReadWrite);
        }
    }
}
