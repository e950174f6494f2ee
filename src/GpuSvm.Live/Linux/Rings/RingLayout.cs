namespace GpuSvm.Live;

/// <summary>Where the parts of a ring lie in its mapping, in bytes, as the kernel told the process that made it.</summary>
internal sealed record RingLayout
{
    /// <summary>The number of its descriptor in the process that made it.</summary>
    public required int Descriptor { get; init; }

    /// <summary>Places for submissions: a power of two.</summary>
    public required uint SubmissionEntries { get; init; }

    /// <summary>Places for completions: a power of two.</summary>
    public required uint CompletionEntries { get; init; }

    /// <summary>How far the kernel has taken submissions.</summary>
    public required uint SubmissionHead { get; init; }

    /// <summary>How far there are submissions.</summary>
    public required uint SubmissionTail { get; init; }

    /// <summary>Whether the kernel's thread sleeps.</summary>
    public required uint SubmissionFlags { get; init; }

    /// <summary>Indices of submissions, in their order.</summary>
    public required uint SubmissionArray { get; init; }

    /// <summary>How far completions were taken.</summary>
    public required uint CompletionHead { get; init; }

    /// <summary>How far there are completions.</summary>
    public required uint CompletionTail { get; init; }

    /// <summary>The completions.</summary>
    public required uint Completions { get; init; }

    /// <summary>What the kernel told.</summary>
    internal static RingLayout Of(int descriptor, in RingParameters parameters) => new()
    {
        Descriptor = descriptor,
        SubmissionEntries = parameters.SubmissionEntries,
        CompletionEntries = parameters.CompletionEntries,
        SubmissionHead = parameters.SubmissionHead,
        SubmissionTail = parameters.SubmissionTail,
        SubmissionFlags = parameters.SubmissionFlags,
        SubmissionArray = parameters.SubmissionArray,
        CompletionHead = parameters.CompletionHead,
        CompletionTail = parameters.CompletionTail,
        Completions = parameters.Completions,
    };

    /// <summary>Refuses what no kernel tells: another process' numbers are used as offsets here.</summary>
    /// <exception cref="ArgumentException">An offset leads out of a page-sized ring, or a size is no power of two.</exception>
    internal void Validate()
    {
        uint[] words =
            [SubmissionHead, SubmissionTail, SubmissionFlags, SubmissionArray, CompletionHead, CompletionTail, Completions];
        bool isGood = SubmissionEntries is 1 or 2 or 4 or 8 or 16 or 32 && CompletionEntries is 2 or 4 or 8 or 16 or 32 or 64;
        if (!isGood || Array.Exists(words, static word => (word & 3) != 0 || word > AppRing.MappedBytes - (64 * 16)))
        {
            throw new ArgumentException("What the ring of the app is said to be like is no ring of the kernel.");
        }
    }
}
