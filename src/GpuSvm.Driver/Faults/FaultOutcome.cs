namespace GpuSvm.Driver;

/// <summary>What became of one fault.</summary>
public enum FaultOutcome : byte
{
    /// <summary>The page is mapped with the rights that the access needs: a replay lets it through.</summary>
    Resolved,

    /// <summary>The page came with a larger one that an earlier fault of the batch has mapped, with rights that suffice.</summary>
    Skipped,

    /// <summary>The page is mapped with these rights already, by an earlier batch: a replay lets the access through.</summary>
    Covered,

    /// <summary>The address space changed too often until the deadline: a replay lets the access fault again.</summary>
    Deferred,

    /// <summary>A prefetch of a page that is not there: nothing waits for it.</summary>
    Dropped,

    /// <summary>Its channel was cancelled as a whole before it could be served.</summary>
    Gone,

    /// <summary>No replay can help: the channel is cancelled.</summary>
    Fatal,
}
