namespace GpuSvm.Core;

/// <summary>Named mutations of the production code, each off unless the process is started to show that its test can fail.</summary>
/// <remarks>
/// A race test proves nothing until it has caught a broken control. <c>GPUSVM_BREAK=name</c> in the environment switches one mutation
/// on for the life of the process. The fields are static readonly: where they are off the compiler removes them.
/// </remarks>
public static class Breaks
{
    private static readonly string? Name = Environment.GetEnvironmentVariable("GPUSVM_BREAK");

    /// <summary>The fault servicer maps what it looked up without asking whether an invalidation came between.</summary>
    public static readonly bool NoReadRetry = Name == "no-read-retry";

    /// <summary>The GPU's TLB is not flushed when entries are dropped.</summary>
    public static readonly bool FlushLeftOut = Name == "flush-left-out";

    /// <summary>The GPU's TLB is flushed one level too shallow: cached directory entries survive.</summary>
    public static readonly bool FlushTooShallow = Name == "flush-too-shallow";

    /// <summary>The CPU's TLB is not flushed when entries are dropped.</summary>
    public static readonly bool CpuFlushLeftOut = Name == "cpu-flush-left-out";

    /// <summary>A flush does not wait for accesses in flight.</summary>
    public static readonly bool InFlightNotWaitedFor = Name == "in-flight-not-waited-for";

    /// <summary>A TLB fill does not look whether a flush came between its walk and itself.</summary>
    public static readonly bool FillNotRechecked = Name == "fill-not-rechecked";

    /// <summary>Accesses that met a full fault buffer are not reported again.</summary>
    public static readonly bool OverflowLost = Name == "overflow-lost";

    /// <summary>A notifier is removed without waiting for callbacks that run.</summary>
    public static readonly bool RemoveDoesNotWait = Name == "remove-does-not-wait";

    /// <summary>The guard of a live process closes its userfaultfd at once: pages of a process whose engine dies read as zero.</summary>
    public static readonly bool GuardHoldsNothing = Name == "guard-holds-nothing";

    /// <summary>Adopted pages of a live process are read while it may still write them.</summary>
    public static readonly bool AdoptedReadUnprotected = Name == "adopted-read-unprotected";

    /// <summary>Adopted pages come home to a process before the child that it has forked has got what it has no copy of.</summary>
    public static readonly bool GivenBeforeTheChild = Name == "given-before-the-child";

    /// <summary>A page of a live process is mapped for writing, whatever its entry says by then.</summary>
    public static readonly bool ContinueLate = Name == "continue-late";

    /// <summary>A frame of a memory object is taken with the bytes that a stray touch has left there.</summary>
    public static readonly bool FrameNotCleared = Name == "frame-not-cleared";

    /// <summary>The fault servicer asks whether an invalidation came between before it takes the update lock.</summary>
    public static readonly bool RetryOutsideTheLock = Name == "retry-outside-the-lock";

    /// <summary>An invalidation has a mirror drop its entries first, and moves the notifier's sequence when the update lock is free again.</summary>
    public static readonly bool SequenceAfterTheDrop = Name == "sequence-after-the-drop";

    /// <summary>Frames are freed before the CPU's TLB is flushed.</summary>
    public static readonly bool PageFreedBeforeTheFlush = Name == "page-freed-before-the-flush";

    /// <summary>A notifier that is inserted while the set is frozen never enters it.</summary>
    public static readonly bool DeferredInsertLost = Name == "deferred-insert-lost";

    /// <summary>A notifier that was removed with deferral confirms reads as before: what is mapped under it, no invalidation reaches.</summary>
    public static readonly bool RemovedIntervalConfirms = Name == "removed-interval-confirms";

    /// <summary>Nobody waits for changes that were put off: callbacks reach a mirror that is torn down.</summary>
    public static readonly bool NoTeardownBarrier = Name == "no-teardown-barrier";

    /// <summary>Entries of the fault buffer are flushed, and no replay asks for them again.</summary>
    public static readonly bool ReplayLost = Name == "replay-lost";

    /// <summary>
    /// A fault whose access has gone on is handled once more: the ring is not flushed before a replay, and a fault that cannot be served
    /// kills its channel whether or not its access still waits.
    /// </summary>
    public static readonly bool DuplicateHandledTwice = Name == "duplicate-handled-twice";

    /// <summary>A driver that moves pages skips its own event without having dropped its GPU's entries itself.</summary>
    public static readonly bool OwnerEventSkipped = Name == "owner-event-skipped";

    /// <summary>A page that moves is copied while the CPU can still store to it.</summary>
    public static readonly bool CopyBeforeIsolate = Name == "copy-before-isolate";

    /// <summary>The entry of a huge page is split without a look whether the CPU has marked it meanwhile.</summary>
    public static readonly bool SplitLosesMarks = Name == "split-loses-marks";

    /// <summary>Page tables are freed before the GPU's TLB is flushed and walks that are under way have ended.</summary>
    public static readonly bool TableFreedBeforeTheFlush = Name == "table-freed-before-the-flush";

    /// <summary>A directory entry names a page table that is not written yet.</summary>
    public static readonly bool DirectoryEntryBeforeTheTable = Name == "directory-entry-before-the-table";

    /// <summary>Host pages are unmapped for DMA before the GPU's TLB is flushed.</summary>
    public static readonly bool DmaUnmappedBeforeTheFlush = Name == "dma-unmapped-before-the-flush";

    /// <summary>The tables of an address space that goes are freed while instances still walk them.</summary>
    public static readonly bool TornDownBeforeThePart = Name == "torn-down-before-the-part";

    /// <summary>A migration says that its pages have moved, and leaves each where it was.</summary>
    public static readonly bool MigrateNoop = Name == "migrate-noop";

    /// <summary>A device is told that it has a page for itself, and the CPU keeps its entry.</summary>
    public static readonly bool ExclusiveNoop = Name == "exclusive-noop";

    /// <summary>The CPU may go on loading from the old frame of a page after a device was shown the new one.</summary>
    public static readonly bool DetachAfterVisible = Name == "detach-after-visible";

    /// <summary>A page is moved though somebody relies on its frame.</summary>
    public static readonly bool PinnedPageMoved = Name == "pinned-page-moved";

    /// <summary>A fork takes write access from the entries of the parent, but not from its CPU.</summary>
    public static readonly bool ForkFlushLeftOut = Name == "fork-flush-left-out";

    /// <summary>A fork takes the right to write from its pages before the mirrors hear of it.</summary>
    public static readonly bool ForkBeforeTheInvalidation = Name == "fork-before-the-invalidation";

    /// <summary>The reverse map does not hear of the child's entry when a fork copies that of a page which is being moved.</summary>
    public static readonly bool ForkForgetsAMigration = Name == "fork-forgets-a-migration";

    /// <summary>A page is written in place once no other entry maps it, though somebody else still refers to its bytes.</summary>
    public static readonly bool ReuseSharedPage = Name == "reuse-shared-page";

    /// <summary>A remap leaves the CPU the old addresses where it has looked them up before.</summary>
    public static readonly bool RemapKeepsOldEntry = Name == "remap-keeps-old-entry";

    /// <summary>A remap takes the entries of its old addresses before the mirrors hear of it.</summary>
    public static readonly bool RemapBeforeTheInvalidation = Name == "remap-before-the-invalidation";

    /// <summary>The reverse map hears of an entry that a remap moves only when it is at its new place.</summary>
    public static readonly bool MovedEntryForgotten = Name == "moved-entry-forgotten";

    /// <summary>A page that several address spaces map has moved, and only the first of its entries is put back.</summary>
    public static readonly bool MigrateForgetsAMapping = Name == "migrate-forgets-a-mapping";

    /// <summary>Who waits for a page lock goes to sleep though it was released since he looked.</summary>
    public static readonly bool LockWaitLost = Name == "lock-wait-lost";

    /// <summary>A fault enters a page without another look whether the reaper has been there meanwhile.</summary>
    public static readonly bool ReapedPageComesBack = Name == "reaped-page-comes-back";

    /// <summary>A migration fills a page of which nothing was there, though something is there by now.</summary>
    public static readonly bool HoleOverwrites = Name == "hole-overwrites";

    /// <summary>Two bring the same page of an object in, and the slower one puts its own in the place of the other's.</summary>
    public static readonly bool CachedPageReplaced = Name == "cached-page-replaced";

    /// <summary>A client is closed while a batch of faults is served that may be its own.</summary>
    public static readonly bool ClosedUnderABatch = Name == "closed-under-a-batch";

    /// <summary>A driver says that its device sleeps while a batch of faults is served still.</summary>
    public static readonly bool SuspendDoesNotWait = Name == "suspend-does-not-wait";

    /// <summary>A driver that is resumed waits for the next interrupt, though faults have come while it was suspended.</summary>
    public static readonly bool ResumeForgetsTheRing = Name == "resume-forgets-the-ring";

    /// <summary>A page of a file that is written back loses its dirty mark after it has lost write access, however dirty it is again.</summary>
    public static readonly bool FilePageCleanedLate = Name == "file-page-cleaned-late";

    /// <summary>The mirrors do not hear that a page of a file must not be written any more without another fault.</summary>
    public static readonly bool FilePageCleanedInSecret = Name == "file-page-cleaned-in-secret";

    /// <summary>A store to a page that a device reads a duplicate of goes on without the device hearing of it.</summary>
    public static readonly bool DuplicateKept = Name == "duplicate-kept";

    /// <summary>A page that a device reads a duplicate of may be written all the same.</summary>
    public static readonly bool DuplicateLeftWritable = Name == "duplicate-left-writable";

    /// <summary>The CPU may go on loading from the frame of a page whose bytes are lost.</summary>
    public static readonly bool PoisonedPageStillRead = Name == "poisoned-page-still-read";

    /// <summary>The CPU's stores to a huge page that is collected are stopped in the first 4 KiB only.</summary>
    public static readonly bool HugePageIsolatedInPart = Name == "huge-page-isolated-in-part";

    /// <summary>A process that exits frees its pages before the mirrors hear of it.</summary>
    public static readonly bool ExitBeforeTheInvalidation = Name == "exit-before-the-invalidation";

    /// <summary>Of several devices only the first hears of a change.</summary>
    public static readonly bool OneMirrorTold = Name == "one-mirror-told";

    /// <summary>Until a block of faults is done another worker that looks for work takes it, too.</summary>
    public static readonly bool BlockClaimedTwice = Name == "block-claimed-twice";

    /// <summary>Who takes a lock takes its first lane only: an invalidation does not wait for the other workers of a mirror.</summary>
    public static readonly bool LanesLeftOut = Name == "lanes-left-out";

    /// <summary>Who waits for a page of a device, or looks where one has gone, takes it for granted that the device is there still.</summary>
    public static readonly bool RemovedDeviceLookedUp = Name == "removed-device-looked-up";

    /// <summary>A page of a memory object is found in the frame that it moves to before that frame has an entry.</summary>
    public static readonly bool ObjectPageFoundEarly = Name == "object-page-found-early";

    /// <summary>A driver goes on when its copies are handed to the copy engine, and does not wait until they are done.</summary>
    public static readonly bool FenceNotWaitedFor = Name == "fence-not-waited-for";

    /// <summary>The mirrors of a device's peers pass over its migrations, as its own does.</summary>
    public static readonly bool PeerEventSkipped = Name == "peer-event-skipped";

    /// <summary>A place of a stream of events is shown as written before the event is there.</summary>
    public static readonly bool EventShownEarly = Name == "event-shown-early";

    /// <summary>Two that write events at the same time may take the same place.</summary>
    public static readonly bool EventPlaceTakenTwice = Name == "event-place-taken-twice";

    /// <summary>The CPU takes a page from a device that has it for a while, at once.</summary>
    public static readonly bool TimesliceForgotten = Name == "timeslice-forgotten";

    /// <summary>Memory that lost its last page before it was all made may leave for others, though there is nothing to leave.</summary>
    public static readonly bool ReleasedAllocationOrdered = Name == "released-allocation-ordered";

    /// <summary>Two that take pages of a device's memory at the same time may both find that the limit allows it.</summary>
    public static readonly bool LimitAskedEarly = Name == "limit-asked-early";

    /// <summary>A range that is cut gives to its parts the pages that it had when they were made, whatever has become of these since.</summary>
    public static readonly bool OldBlocksHandedOver = Name == "old-blocks-handed-over";

    /// <summary>A range is bound without another look whether its pages are there still.</summary>
    public static readonly bool RangeBoundUnasked = Name == "range-bound-unasked";

    /// <summary>A range is cut by one thread though another has removed it already.</summary>
    public static readonly bool RemovedRangeReplaced = Name == "removed-range-replaced";

    /// <summary>A page of a memory object is taken from all when one of the mappings that show it goes.</summary>
    public static readonly bool SharedPagePunched = Name == "shared-page-punched";

    /// <summary>What a live process has unmapped is unmapped, whatever it has mapped there since.</summary>
    public static readonly bool UnmappedUnseen = Name == "unmapped-unseen";

    /// <summary>A page of a live process that has moved, of which nobody knows yet, is not protected where it is now.</summary>
    public static readonly bool MovedPageUnprotected = Name == "moved-page-unprotected";

    /// <summary>A page of a child of a live process, of which nobody knows yet, is not protected.</summary>
    public static readonly bool ForkedPageUnprotected = Name == "forked-page-unprotected";

    /// <summary>Pages of a live process are entered where its mappings have changed, as they were before.</summary>
    public static readonly bool EnteredBesideAChange = Name == "entered-beside-a-change";

    /// <summary>Every name that <c>GPUSVM_BREAK</c> knows.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "no-read-retry", "flush-left-out", "flush-too-shallow", "cpu-flush-left-out", "in-flight-not-waited-for",
        "fill-not-rechecked", "overflow-lost", "remove-does-not-wait", "guard-holds-nothing",
        "continue-late", "frame-not-cleared", "retry-outside-the-lock", "sequence-after-the-drop", "page-freed-before-the-flush",
        "deferred-insert-lost", "removed-interval-confirms", "no-teardown-barrier", "replay-lost", "duplicate-handled-twice", "owner-event-skipped", "copy-before-isolate",
        "table-freed-before-the-flush", "directory-entry-before-the-table", "dma-unmapped-before-the-flush", "torn-down-before-the-part",
        "migrate-noop", "exclusive-noop", "detach-after-visible", "pinned-page-moved", "split-loses-marks",
        "fork-flush-left-out", "fork-before-the-invalidation", "fork-forgets-a-migration", "reuse-shared-page", "remap-keeps-old-entry",
        "remap-before-the-invalidation", "moved-entry-forgotten", "migrate-forgets-a-mapping", "lock-wait-lost", "reaped-page-comes-back",
        "hole-overwrites", "cached-page-replaced", "closed-under-a-batch", "suspend-does-not-wait", "resume-forgets-the-ring",
        "exit-before-the-invalidation", "one-mirror-told", "block-claimed-twice", "lanes-left-out",
        "file-page-cleaned-late", "file-page-cleaned-in-secret", "poisoned-page-still-read", "huge-page-isolated-in-part",
        "duplicate-kept", "duplicate-left-writable",
        "removed-device-looked-up", "object-page-found-early", "fence-not-waited-for", "peer-event-skipped",
        "event-shown-early", "event-place-taken-twice", "timeslice-forgotten",
        "released-allocation-ordered", "limit-asked-early",
        "old-blocks-handed-over", "range-bound-unasked", "removed-range-replaced",
        "shared-page-punched", "unmapped-unseen", "moved-page-unprotected", "forked-page-unprotected", "entered-beside-a-change",
    ];
}
