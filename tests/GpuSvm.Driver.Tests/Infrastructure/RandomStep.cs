namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>What a step of a random program does.</summary>
internal enum RandomStepKind
{
    Map,
    Unmap,
    Protect,
    Store,
    Discard,
    Fork,
    Launch,
}

/// <summary>One access of a GPU thread.</summary>
internal sealed record ThreadAccess(int Page, FaultAccess Access);

/// <summary>One step: on some pages, or a launch of one thread for each access.</summary>
internal sealed record RandomStep(RandomStepKind Kind, int Page, int Count, Protection Protection, ThreadAccess[] Accesses)
{
    public override string ToString() => Kind == RandomStepKind.Launch
        ? $"Launch [{string.Join("; ", Accesses.Select(access => $"{access.Access} {access.Page}"))}]"
        : $"{Kind} {Page}+{Count} {Protection}";
}
