using System.Globalization;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Prints the results of a script's operations, a line each.</summary>
/// <param name="lines">Where they go.</param>
/// <param name="pointers">How dumps show where tables lie.</param>
internal sealed class ScriptOutput(TextWriter lines, PointerDisplay pointers)
{
    private int _number;
    private string _operation = "";

    /// <summary>Takes further lines of the running operation.</summary>
    public TextWriter Lines => lines;

    /// <summary>How dumps show where tables lie.</summary>
    public PointerDisplay Pointers => pointers;

    /// <summary>Begins the next operation.</summary>
    public void Begin(ReadOnlySpan<char> operation)
    {
        _number++;
        if (!operation.SequenceEqual(_operation))
        {
            _operation = operation.ToString();
        }
    }

    /// <summary>Prints that a line does not parse.</summary>
    public void BadLine() => Print("badline");

    /// <summary>Prints a result without values.</summary>
    public void Answer(Errno error) => Print(error == Errno.None ? "ok" : $"err {error}");

    /// <summary>Prints a result with values.</summary>
    public void Answer(FormattableString values) => Answer(values.ToString(CultureInfo.InvariantCulture));

    /// <summary>Prints a result with values.</summary>
    public void Answer(string values) => Print(values.Length == 0 ? "ok" : $"ok {values}");

    /// <summary>Prints what the running operation came to.</summary>
    public void Print(string result) => lines.Write(string.Create(CultureInfo.InvariantCulture, $"{_number} {_operation} {result}\n"));
}
