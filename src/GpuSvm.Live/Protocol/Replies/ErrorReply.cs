namespace GpuSvm.Live;

/// <summary>Why something could not be done.</summary>
internal sealed record ErrorReply
{
    /// <summary>The error code.</summary>
    public required Errno Error { get; init; }

    /// <summary>What was tried, with the values, and what was expected.</summary>
    public required string Message { get; init; }

    /// <summary>True if an argument of the request was wrong.</summary>
    public bool IsMisuse { get; init; }

    /// <summary>What the one who asked throws.</summary>
    internal Exception ToException() => IsMisuse ? new ArgumentException(Message) : new RefusedException(Error, Message);
}
