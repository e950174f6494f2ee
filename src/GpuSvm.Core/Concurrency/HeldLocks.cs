using System.Diagnostics.CodeAnalysis;

namespace GpuSvm.Core;

/// <summary>The ranks that the current thread holds; checks every acquire against the lock order when <see cref="Checks"/> are on.</summary>
public static class HeldLocks
{
    private const int Capacity = 32;

    [ThreadStatic]
    private static Entry[]? t_held;

    [ThreadStatic]
    private static int t_count;

    /// <summary>Number of ranked locks that the current thread holds; 0 when checks are off.</summary>
    public static int Count => t_count;

    /// <summary>Checks that the current thread may wait or open an invalidation: it holds nothing at or above <paramref name="rank"/>.</summary>
    /// <param name="rank">The lowest forbidden rank.</param>
    /// <param name="what">What the caller is about to do, for the message.</param>
    public static void AssertNoneAtOrAbove(LockRank rank, string what)
    {
        if (!Checks.Enabled)
        {
            return;
        }

        for (int i = 0; i < t_count; i++)
        {
            if (t_held![i].Rank >= rank)
            {
                Checks.Fail($"{what} while holding a lock of rank {t_held[i].Rank}: nothing at or above {rank} may be held.");
            }
        }
    }

    /// <summary>Checks that <paramref name="guard"/> may be given up and taken again: nothing else is held at or above its rank.</summary>
    internal static void AssertNoneBehind(object guard, LockRank rank)
    {
        if (!Checks.Enabled)
        {
            return;
        }

        for (int i = 0; i < t_count; i++)
        {
            if (t_held![i].Rank >= rank && !ReferenceEquals(t_held[i].Owner, guard))
            {
                Checks.Fail($"A thread waits under a lock of rank {rank} while it holds one of rank {t_held[i].Rank}.");
            }
        }
    }

    /// <summary>Records a lock that waits its turn: its rank must be above all that are held.</summary>
    /// <remarks>For makers of locks: a lock built on a shared word records itself here, and only while checks are on.</remarks>
    public static void Acquire(object owner, LockRank rank)
    {
        for (int i = 0; i < t_count; i++)
        {
            if (t_held![i].Rank >= rank)
            {
                RejectOrder(owner, rank, t_held[i]);
            }
        }

        Push(owner, rank);
    }

    /// <summary>Records a lock that was got by trylock, which cannot deadlock and may be of any rank.</summary>
    public static void AcquireTried(object owner, LockRank rank) => Push(owner, rank);

    /// <summary>Forgets all records of the calling thread, whose schedule has ended.</summary>
    internal static void Clear()
    {
        if (t_held is not null)
        {
            Array.Clear(t_held, 0, t_count);
            t_count = 0;
        }
    }

    /// <summary>Forgets the newest record of <paramref name="owner"/>.</summary>
    public static void Release(object owner)
    {
        for (int i = t_count - 1; i >= 0; i--)
        {
            if (ReferenceEquals(t_held![i].Owner, owner))
            {
                Array.Copy(t_held, i + 1, t_held, i, t_count - i - 1);
                t_held[--t_count] = default;
                return;
            }
        }

        if (Exploration.Enabled && ControlledThread.Current is { Explorer.IsAborting: true })
        {
            return;
        }

        Checks.Fail("A lock is released by a thread that does not hold it.");
    }

    private static void Push(object owner, LockRank rank)
    {
        Entry[] held = t_held ??= new Entry[Capacity];
        Checks.That(t_count < Capacity, "A thread holds at most 32 ranked locks.");
        held[t_count++] = new Entry(owner, rank);
    }

    [DoesNotReturn]
    private static void RejectOrder(object owner, LockRank rank, Entry held) =>
        Checks.Fail(ReferenceEquals(owner, held.Owner)
            ? $"A lock of rank {rank} is taken twice by one thread."
            : $"A lock of rank {rank} is taken while one of rank {held.Rank} is held: ranks must rise.");

    private readonly record struct Entry(object Owner, LockRank Rank);
}
