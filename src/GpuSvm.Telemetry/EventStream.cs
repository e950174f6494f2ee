using System.Numerics;

namespace GpuSvm.Telemetry;

/// <summary>What happens, in the order in which it was written: a ring of fixed size that any thread writes and one at a time drains.</summary>
/// <remarks>
/// <para>
/// Writing never waits and never allocates. A full ring takes nothing: the event is counted as dropped. The events of one thread come out
/// in the order in which it wrote them, drops left out.
/// </para>
/// <para>
/// Each slot has a number that says whose turn it is: the writer of place p may use it when it shows p, the reader when it shows p + 1,
/// and the reader leaves it at the place one lap later. A writer that is held up between its claim and its last store keeps the reader
/// from passing, and nobody else. Source: D. Vyukov's bounded queue for many producers.
/// </para>
/// <para>Locking: <see cref="Write"/> takes none and may be called under any; <see cref="Drain"/> takes the innermost lock.</para>
/// </remarks>
public sealed class EventStream
{
    /// <summary>Most slots that a stream may have.</summary>
    public const int MaxCapacity = 1 << 24;

    private const int Attempts = 1000;
    private readonly RankedLock _reading = new(LockRank.Telemetry);
    private readonly Clock _clock;
    private readonly Slot[] _slots;
    private long _next;
    private long _read;
    private long _dropped;

    /// <summary>Makes an empty stream.</summary>
    /// <param name="capacity">Number of events that it holds until they are drained: a power of two, 2 to 2^24.</param>
    /// <param name="clock">The clock that the events' times are of; it must be that of the GPU whose faults are told.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is no such number.</exception>
    public EventStream(int capacity, Clock clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        if (capacity is < 2 or > MaxCapacity || !BitOperations.IsPow2(capacity))
        {
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"A stream holds a power of two of events, 2 to {MaxCapacity}.");
        }

        _clock = clock;
        _slots = new Slot[capacity];
        for (int i = 0; i < capacity; i++)
        {
            _slots[i].Turn = i;
        }
    }

    /// <summary>Makes an empty stream with the computer's own clock.</summary>
    /// <param name="capacity">Number of events that it holds until they are drained: a power of two, 2 to 2^24.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is no such number.</exception>
    public EventStream(int capacity)
        : this(capacity, Clock.Monotonic)
    {
    }

    /// <summary>Number of events that the stream holds at most.</summary>
    public int Capacity => _slots.Length;

    /// <summary>Number of events that were taken so far, drained ones included.</summary>
    public long Written => SharedWord.Read(ref _next);

    /// <summary>Number of events that were not taken because the stream was full.</summary>
    public long Dropped => SharedWord.Read(ref _dropped);

    /// <summary>The time on the stream's clock, in nanoseconds.</summary>
    public long NowNanoseconds => _clock.NowNanoseconds;

    /// <summary>Writes an event, or counts it as dropped when there is no room for it.</summary>
    /// <param name="happened">The event; a time of 0 is replaced by the time now.</param>
    public void Write(in SvmEvent happened)
    {
        long now = happened.Nanoseconds != 0 ? happened.Nanoseconds : _clock.NowNanoseconds;
        long place = SharedWord.Read(ref _next);
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            ref Slot slot = ref SlotAt(place);
            long ahead = place - SharedWord.Read(ref slot.Turn);
            if (ahead > 0)
            {
                // What was written one lap before has not been read.
                break;
            }

            long next = ahead == 0 ? TryClaim(place) : SharedWord.Read(ref _next);
            if (ahead == 0 && next == place)
            {
                Show(ref slot, place, happened with { Nanoseconds = now });
                return;
            }

            place = next;
        }

        SharedWord.Add(ref _dropped, 1);
    }

    /// <summary>Counts events as dropped that were to come from elsewhere and were lost on the way.</summary>
    /// <param name="count">How many: not negative.</param>
    public void AddDropped(long count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        SharedWord.Add(ref _dropped, count);
    }

    /// <summary>Takes the oldest events out.</summary>
    /// <param name="into">Where they go.</param>
    /// <returns>How many there were, at most as many as fit.</returns>
    public int Drain(Span<SvmEvent> into)
    {
        using (_reading.Enter())
        {
            int count = 0;
            for (; count < into.Length; count++)
            {
                ref Slot slot = ref SlotAt(_read);
                if (SharedWord.Read(ref slot.Turn) != _read + 1)
                {
                    break;
                }

                into[count] = slot.Event;
                SharedWord.Write(ref slot.Turn, _read + _slots.Length);
                _read++;
            }

            return count;
        }
    }

    /// <summary>Takes a place, if it is the next one still.</summary>
    /// <returns>The next place as it was: <paramref name="place"/> if it was taken.</returns>
    private long TryClaim(long place)
    {
        if (Breaks.EventPlaceTakenTwice)
        {
            long next = SharedWord.Read(ref _next);
            SharedWord.Write(ref _next, next == place ? place + 1 : next);
            return next;
        }

        return SharedWord.CompareExchange(ref _next, place + 1, place);
    }

    private static void Show(ref Slot slot, long place, in SvmEvent happened)
    {
        if (Breaks.EventShownEarly)
        {
            SharedWord.Write(ref slot.Turn, place + 1);
            SharedWord.Read(ref slot.Turn);
            slot.Event = happened;
            return;
        }

        slot.Event = happened;
        SharedWord.Write(ref slot.Turn, place + 1);
    }

    private ref Slot SlotAt(long place) => ref _slots[place & (_slots.Length - 1)];

    private struct Slot
    {
        public long Turn;
        public SvmEvent Event;
    }
}
