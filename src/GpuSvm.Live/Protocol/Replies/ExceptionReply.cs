namespace GpuSvm.Live;

/// <summary>What a kernel threw.</summary>
internal sealed record ExceptionReply
{
    // In JSON a character may take 6 bytes: together they always fit a message.
    private const int LongestText = 1000;
    private const int LongestStackTrace = 8000;

    /// <summary>Full name of the exception's type.</summary>
    public required string Type { get; init; }

    /// <summary>Its message.</summary>
    public required string Message { get; init; }

    /// <summary>Where it was thrown; null if unknown.</summary>
    public required string? StackTrace { get; init; }

    /// <summary>The reply that tells of an exception; what is very long is cut.</summary>
    internal static ExceptionReply Of(Exception thrown) => new()
    {
        Type = Cut(thrown.GetType().ToString(), LongestText),
        Message = Cut(thrown.Message, LongestText),
        StackTrace = thrown.StackTrace is { } trace ? Cut(trace, LongestStackTrace) : null,
    };

    private static string Cut(string text, int longest) => text.Length <= longest ? text : string.Concat(text.AsSpan(0, longest), " …");
}
