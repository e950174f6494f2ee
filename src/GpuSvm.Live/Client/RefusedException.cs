namespace GpuSvm.Live;

/// <summary>What the engine answered instead of doing what was asked; its text is complete.</summary>
internal sealed class RefusedException(Errno error, string message) : SvmException(error, message)
{
    /// <inheritdoc/>
    public override string Message { get; } = message;
}
