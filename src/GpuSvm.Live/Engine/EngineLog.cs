namespace GpuSvm.Live;

/// <summary>Where the engine tells of trouble: one line each, on the error output that it shares with the app.</summary>
internal sealed class EngineLog(TextWriter output)
{
    /// <summary>Writes a line.</summary>
    public void Write(string line) => output.WriteLine($"gpusvm: {line}");
}
