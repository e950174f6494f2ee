namespace GpuSvm.Live;

/// <summary>What a kernel threw, as text.</summary>
internal sealed record ExceptionReply
{
    /// <summary>Full name of the exception's type.</summary>
    public required string Type { get; init; }

    /// <summary>Its message.</summary>
    public required string Message { get; init; }

    /// <summary>Where it was thrown, and what caused it.</summary>
    public required string StackTrace { get; init; }

    /// <summary>The reply that tells of an exception; what is very long is cut, so that it fits a message.</summary>
    internal static ExceptionReply Of(Exception thrown)
    {
        KernelException text = thrown as KernelException ?? KernelException.Of(thrown);
        return new ExceptionReply { Type = text.RemoteType, Message = text.Message, StackTrace = text.RemoteStackTrace };
    }

    /// <summary>The same as an exception of this process.</summary>
    internal KernelException ToException() => new(Type, Message, StackTrace);
}
