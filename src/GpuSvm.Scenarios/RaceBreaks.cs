namespace GpuSvm.Scenarios;

/// <summary>The mutations of <see cref="Breaks"/> that scenarios find; the others belong to live processes.</summary>
public static class RaceBreaks
{
    /// <summary>
    /// Each mutation with a scenario that finds it soon, which a search begins with. Others may find it as well, and all are asked if
    /// that one does not.
    /// </summary>
    public static IReadOnlyDictionary<string, string> Finders { get; } = new Dictionary<string, string>
    {
        ["no-read-retry"] = "cpu-fault-vs-migrate",
        ["flush-left-out"] = "fault-vs-unmap",
        ["flush-too-shallow"] = "bind-vs-store",
        ["cpu-flush-left-out"] = "bind-vs-store",
        ["in-flight-not-waited-for"] = "flush-vs-fill",
        ["fill-not-rechecked"] = "flush-vs-fill",
        ["overflow-lost"] = "full-buffer-vs-flush",
        ["remove-does-not-wait"] = "notifier-removal",
        ["retry-outside-the-lock"] = "intervals-vs-unmap",
        ["sequence-after-the-drop"] = "garbage-vs-fault",
        ["page-freed-before-the-flush"] = "fault-vs-discard",
        ["deferred-insert-lost"] = "insert-vs-invalidations",
        ["replay-lost"] = "cancel-vs-fault",
        ["duplicate-handled-twice"] = "duplicate-vs-unmap",
        ["owner-event-skipped"] = "bind-vs-store",
        ["copy-before-isolate"] = "bind-vs-store",
        ["table-freed-before-the-flush"] = "bind-vs-store",
        ["directory-entry-before-the-table"] = "cut-vs-touch",
        ["dma-unmapped-before-the-flush"] = "exit-vs-fault",
        ["torn-down-before-the-part"] = "part-vs-walk",
        ["migrate-noop"] = "cpu-fault-vs-migrate",
        ["exclusive-noop"] = "exclusive-vs-cpu",
        ["detach-after-visible"] = "bind-vs-store",
        ["pinned-page-moved"] = "pin-vs-migrate",
        ["split-loses-marks"] = "split-vs-store",
        ["fork-flush-left-out"] = "fork-vs-store",
        ["fork-before-the-invalidation"] = "fault-vs-fork",
        ["fork-forgets-a-migration"] = "fork-vs-migrate",
        ["reuse-shared-page"] = "child-write-vs-copy",
        ["remap-keeps-old-entry"] = "store-vs-remap",
        ["remap-before-the-invalidation"] = "fault-vs-remap",
        ["moved-entry-forgotten"] = "remap-vs-migrate",
        ["migrate-forgets-a-mapping"] = "child-write-vs-copy",
        ["lock-wait-lost"] = "atomic-vs-cpu",
        ["reaped-page-comes-back"] = "reap-vs-fault",
        ["hole-overwrites"] = "hole-vs-touch",
        ["cached-page-replaced"] = "shared-first-touch",
        ["removed-interval-confirms"] = "close-vs-unmap",
        ["no-teardown-barrier"] = "close-vs-unmap",
        ["file-page-cleaned-late"] = "sync-vs-store",
        ["file-page-cleaned-in-secret"] = "sync-vs-store",
        ["poisoned-page-still-read"] = "fault-vs-poison",
        ["huge-page-isolated-in-part"] = "huge-move-vs-store",
        ["closed-under-a-batch"] = "close-vs-fault",
        ["suspend-does-not-wait"] = "suspend-vs-fault",
        ["resume-forgets-the-ring"] = "suspend-vs-fault",
        ["exit-before-the-invalidation"] = "exit-vs-fault",
        ["one-mirror-told"] = "two-gpus",
        ["block-claimed-twice"] = "two-workers",
        ["lanes-left-out"] = "workers-vs-unmap",
        ["duplicate-kept"] = "duplicate-vs-store",
        ["duplicate-left-writable"] = "duplicate-vs-store",
        ["removed-device-looked-up"] = "device-removal-vs-touch",
        ["object-page-found-early"] = "device-removal-vs-touch",
        ["fence-not-waited-for"] = "bind-vs-store",
        ["peer-event-skipped"] = "two-peers",
        ["event-shown-early"] = "write-vs-drain",
        ["event-place-taken-twice"] = "write-vs-drain",
        ["timeslice-forgotten"] = "touch-vs-timeslice",
        ["released-allocation-ordered"] = "room-vs-room",
        ["limit-asked-early"] = "duplicate-vs-room",
        ["old-blocks-handed-over"] = "cut-vs-touch",
        ["range-bound-unasked"] = "garbage-vs-fault",
        ["removed-range-replaced"] = "garbage-vs-fault",
        ["shared-page-punched"] = "view-vs-view",
    };

    /// <summary>The mutations, in the order in which a search of all takes them.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Finders.Keys];
}
