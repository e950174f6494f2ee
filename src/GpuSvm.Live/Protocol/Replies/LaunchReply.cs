namespace GpuSvm.Live;

/// <summary>How a launch ended.</summary>
internal sealed record LaunchReply
{
    /// <summary>How.</summary>
    public required LaunchStatus Status { get; init; }

    /// <summary>The access that could not be served; null unless faulted.</summary>
    public required FaultReply? Fault { get; init; }

    /// <summary>What the kernel threw; null unless it threw.</summary>
    public required ExceptionReply? Exception { get; init; }

    /// <summary>From the launch to its last thread's end, in units of 100 ns.</summary>
    public required long ElapsedTicks { get; init; }

    /// <summary>The reply that tells of a result.</summary>
    internal static LaunchReply Of(LaunchResult result) => new()
    {
        Status = result.Status,
        Fault = result.Fault is { } fault
            ? new FaultReply { Address = fault.Address, Access = fault.Access, Reason = fault.Reason, Error = fault.Error }
            : null,
        Exception = result.Exception is { } thrown ? ExceptionReply.Of(thrown) : null,
        ElapsedTicks = result.Elapsed.Ticks,
    };

    /// <summary>The same as a result of this process.</summary>
    /// <exception cref="ProtocolException">It says of no launch how it ended.</exception>
    internal LaunchResult ToResult()
    {
        bool isWhole = Status switch
        {
            LaunchStatus.Completed or LaunchStatus.Cancelled => true,
            LaunchStatus.Faulted => Fault is not null,
            LaunchStatus.KernelThrew => Exception is not null,
            _ => false,
        };
        return isWhole
            ? new LaunchResult(Status, Fault?.ToReport(), Exception?.ToException(), TimeSpan.FromTicks(ElapsedTicks))
            : throw new ProtocolException($"A launch ended by {Status}, and what belongs to that is missing.");
    }
}
