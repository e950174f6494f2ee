namespace GpuSvm.PostedStrategies;

/// <summary>The points of the review, each with the race that shows it.</summary>
public sealed class Review : IReview
{
    /// <inheritdoc/>
    public IReadOnlyList<ReviewPoint> Points { get; } =
    [
        Point("P01", "The interval that a fault has found may be on the list of deferred removals, and be freed before the fault asks it.", v => new FreedUnderFault(v)),
        Point("P02", "Teardown asks for removals but has no barrier: intervals are released after their owner. (Shown with a search that ends: see P06.)", v => new TeardownWithoutBarrier(v)),
        Point(
            "P03",
            "The unmap compares an inclusive last byte with a half-open end: the byte there loses its interval. (Harmless for whole pages; shown with bytes.)",
            v => new LastByte(v)),
        Point("P05", "The neighbour taken on the left is the first, not the nearest: two intervals overlap.", v => new FirstNeighbour(v)),
        Point("P06", "Teardown's loop finds an interval again and again whose removal waits for the lock that the loop holds.", v => new TeardownForEver(v)),
        Point("D04", "An invalidation that reaches into the client's window clears it: its limit is passed where its start is meant.", v => new WindowCleared(v)),
        Point("D05", "A fault that maps 2 MiB is guarded by an interval of 4 KiB: an entry survives the unmap of its page.", v => new BlockBeyondInterval(v)),
    ];

    private static ReviewPoint Point(string id, string sentence, Func<Variant, IRaceScenario> race) =>
        new(id, sentence, race(Variant.Posted), race(Variant.Repaired));
}
