using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Encodings.Web;

namespace GpuSvm;

/// <summary>What a kernel threw that ran in another process: all of it as text, for its types need not exist here.</summary>
[SuppressMessage("Design", "CA1032", Justification = "Made only from what a kernel threw.")]
public sealed class KernelException : Exception
{
    /// <summary>Most bytes of a text, as JSON, that are kept: a message between processes has a limit.</summary>
    internal const int MaxTextBytes = 16 * 1024;

    private const int MaxDepth = 8;

    /// <summary>Makes the exception from texts; each is cut at <see cref="MaxTextBytes"/>.</summary>
    internal KernelException(string remoteType, string message, string remoteStackTrace)
        : base(Cut(message))
    {
        RemoteType = Cut(remoteType);
        RemoteStackTrace = Cut(remoteStackTrace);
    }

    /// <summary>Full name of the type that the kernel threw.</summary>
    public string RemoteType { get; }

    /// <summary>Where the kernel threw it, and what caused it, as the other process writes that.</summary>
    public string RemoteStackTrace { get; }

    /// <summary>Type, message and stack trace of the other process, then the place of this one that threw it on.</summary>
    public override string ToString()
    {
        string text = $"{RemoteType}: {Message}{Environment.NewLine}{RemoteStackTrace}";
        return StackTrace is { } here ? $"{text}{Environment.NewLine}   --- thrown on by the app ---{Environment.NewLine}{here}" : text;
    }

    /// <summary>The same in text; an exception whose own members throw is described as far as it goes.</summary>
    internal static KernelException Of(Exception error) => new(TypeOf(error), MessageOf(error), TraceOf(error));

    private static string TypeOf(Exception error) => error.GetType().ToString();

    private static string MessageOf(Exception error) => Try(() => error.Message, "message");

    /// <summary>The stack trace, and type, message and trace of each cause.</summary>
    private static string TraceOf(Exception error)
    {
        var text = new StringBuilder(Try(() => error.StackTrace, "stack trace"));
        Exception? cause = error.InnerException;
        for (int depth = 0; cause is not null && depth < MaxDepth && text.Length < MaxTextBytes; depth++)
        {
            text.AppendLine().Append(" ---> ").Append(TypeOf(cause)).Append(": ").AppendLine(MessageOf(cause));
            Exception shown = cause;
            text.Append(Try(() => shown.StackTrace, "stack trace"));
            cause = cause.InnerException;
        }

        return text.ToString();
    }

    [SuppressMessage("Design", "CA1031", Justification = "A getter of a foreign exception may throw anything.")]
    private static string Try(Func<string?> read, string what)
    {
        try
        {
            return read() ?? "";
        }
        catch (Exception error)
        {
            return $"(its {what} threw {TypeOf(error)})";
        }
    }

    private static string Cut(string text)
    {
        const string End = " (cut)";
        const int EscapeBytes = 6;
        int bytes = 0;
        int keep = 0;
        for (int i = 0; i < text.Length; i++)
        {
            bytes += JavaScriptEncoder.Default.WillEncode(text[i]) ? EscapeBytes : 1;
            if (bytes > MaxTextBytes)
            {
                return string.Concat(text.AsSpan(0, keep), End);
            }

            keep = bytes <= MaxTextBytes - (End.Length * EscapeBytes) ? i + 1 : keep;
        }

        return text;
    }
}
