using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Mm;

/// <content>The search for a mirror's notifiers.</content>
public sealed partial class IntervalNotifiers
{
    private enum Wanted
    {
        First,
        Last,
    }

    /// <summary>Finds the first notifier of a mirror that shares a byte with a range: the one of lowest start.</summary>
    /// <param name="mirror">Whose notifiers count.</param>
    /// <param name="range">Where to look.</param>
    /// <param name="notifier">The notifier.</param>
    /// <returns>False when there is none, as for an empty range.</returns>
    /// <remarks>
    /// The set counts as if all that is put off were done: with insertions and new ranges, without notifiers that leave. O(log n), and the
    /// number of intervals in the range where some are of other mirrors or something is put off. Never waits; may be called from a
    /// callback. What was found may leave at any moment unless the mirror's update lock is held.
    /// </remarks>
    public bool TryFind(IMirror mirror, AddressRange range, [NotNullWhen(true)] out IntervalNotifier? notifier) =>
        (notifier = Find(mirror, range, Wanted.First)) is not null;

    /// <summary>Finds the last notifier of a mirror that shares a byte with a range: the one of highest start.</summary>
    /// <param name="mirror">Whose notifiers count.</param>
    /// <param name="range">Where to look.</param>
    /// <param name="notifier">The notifier.</param>
    /// <returns>False when there is none, as for an empty range.</returns>
    /// <remarks>As <see cref="TryFind"/>, but looks at every interval in the range.</remarks>
    public bool TryFindLast(IMirror mirror, AddressRange range, [NotNullWhen(true)] out IntervalNotifier? notifier) =>
        (notifier = Find(mirror, range, Wanted.Last)) is not null;

    private IntervalNotifier? Find(IMirror mirror, AddressRange range, Wanted wanted)
    {
        ArgumentNullException.ThrowIfNull(mirror);
        IntervalNotifier? found = null;
        using (_lock.Enter())
        {
            foreach (IntervalNotifier notifier in _tree.Overlaps(range))
            {
                found = Choose(found, notifier, mirror, range, wanted);
                if (found is not null && wanted == Wanted.First && _deferred.Count == 0)
                {
                    return found;
                }
            }

            // Those that are about to enter, or to have another range than the tree knows.
            foreach (IntervalNotifier notifier in _deferred)
            {
                found = Choose(found, notifier, mirror, range, wanted);
            }
        }

        return found;
    }

    private static IntervalNotifier? Choose(
        IntervalNotifier? found, IntervalNotifier notifier, IMirror mirror, AddressRange range, Wanted wanted)
    {
        if (notifier.Mirror != mirror || notifier.IsLeaving || !notifier.Range.Overlaps(range))
        {
            return found;
        }

        bool isBetter = found is null || (wanted == Wanted.First
            ? notifier.Range.Start < found.Range.Start
            : notifier.Range.Start > found.Range.Start);
        return isBetter ? notifier : found;
    }
}
