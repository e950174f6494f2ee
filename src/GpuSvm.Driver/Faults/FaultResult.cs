namespace GpuSvm.Driver;

/// <summary>What became of one fault, and why.</summary>
/// <param name="Outcome">What is to be done.</param>
/// <param name="Error">The reason as an error code; <see cref="Errno.None"/> unless deferred or fatal.</param>
public readonly record struct FaultResult(FaultOutcome Outcome, Errno Error)
{
    /// <summary>The page is mapped.</summary>
    public static FaultResult Resolved => new(FaultOutcome.Resolved, Errno.None);

    /// <summary>The page came with a larger one.</summary>
    public static FaultResult Skipped => new(FaultOutcome.Skipped, Errno.None);

    /// <summary>The page was mapped already.</summary>
    public static FaultResult Covered => new(FaultOutcome.Covered, Errno.None);

    /// <summary>A prefetch that found nothing.</summary>
    public static FaultResult Dropped => new(FaultOutcome.Dropped, Errno.None);

    /// <summary>The channel was cancelled.</summary>
    public static FaultResult Gone => new(FaultOutcome.Gone, Errno.None);

    /// <summary>The deadline passed.</summary>
    public static FaultResult Deferred => new(FaultOutcome.Deferred, Errno.EBUSY);

    /// <summary>The access can never succeed.</summary>
    public static FaultResult Fatal(Errno error) => new(FaultOutcome.Fatal, error);
}
