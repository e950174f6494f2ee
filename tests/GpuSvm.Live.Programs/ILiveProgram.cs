namespace GpuSvm.Live.Programs;

/// <summary>A program that a test runs as a child process. A class with a constructor without parameters is found by its name.</summary>
public interface ILiveProgram
{
    /// <summary>How the command line names it.</summary>
    string Name { get; }

    /// <summary>Runs it; throws <see cref="CheckFailedException"/> when something does not hold.</summary>
    /// <param name="args">Arguments behind the name.</param>
    /// <param name="output">What the test reads; the program flushes it where the test waits for a line.</param>
    Task RunAsync(string[] args, TextWriter output);
}
