using System.Diagnostics;

namespace GpuSvm.Litmus.Tests;

/// <summary>Runs a program's rounds on two threads, each kept on a core of its own, which meet before each round at one moment.</summary>
/// <remarks>
/// After the meeting each thread waits a few nanoseconds, as many as the seed says, and stores into lines that the other core wrote last.
/// Those stores stand in its store buffer, and what it stores next waits behind them: the one reordering that processors with total store
/// order have. Source: J. Alglave and others, "Litmus: running tests against hardware", TACAS 2011, for the meeting.
/// </remarks>
internal sealed class LitmusRounds(ILitmusProgram program, ulong seed)
{
    /// <summary>How far ahead the meeting is, in ticks of the clock (nanoseconds): enough for the other core to hear of it.</summary>
    private const long Ahead = 1_500;

    private const int MostPauses = 64;
    private const int BallastLines = 48;
    private const int LooksBeforeYield = 2_000;
    private const int WordsPerLine = 16;

    private readonly long[] _ballast = new long[WordsPerLine * (BallastLines + 1)];
    private readonly long[] _signals = new long[WordsPerLine * 4];
    private long _rounds;
    private long _meeting;
    private bool _cameInTime;

    /// <summary>Number of rounds that were run.</summary>
    public long Rounds => _rounds;

    /// <summary>Number of those for which both threads came in time; in the others one of them was not running.</summary>
    public long Met { get; private set; }

    private ref long Started => ref _signals[WordsPerLine];

    private ref long Ended => ref _signals[WordsPerLine * 3];

    /// <summary>Runs until the threads have met <paramref name="limit"/> times, and stops at the first forbidden outcome.</summary>
    /// <returns>What the last round showed that it must not, or null.</returns>
    public string? Run(long limit)
    {
        IReadOnlyList<int> cpus = ProcessAffinity.Cpus;
        string? forbidden = null;
        SvmThread second = SvmThread.Start("litmus second", () => forbidden = Lead(cpus[0], limit));
        SvmThread first = SvmThread.Start("litmus first", () => Follow(cpus[1]));
        second.Join();
        first.Join();
        return forbidden;
    }

    private string? Lead(int cpu, long limit)
    {
        ProcessAffinity.PinCurrentThread(cpu);
        var random = new SeededRandom(seed);
        string? forbidden = null;
        try
        {
            while (Met < limit && forbidden is null)
            {
                program.Prepare();
                _rounds++;
                _meeting = Stopwatch.GetTimestamp() + Ahead;
                Volatile.Write(ref Started, _rounds);
                bool cameInTime = Meet(random);
                program.Second();
                if (!WaitFor(ref Ended, _rounds))
                {
                    return null;
                }

                Met += cameInTime && _cameInTime ? 1 : 0;
                forbidden = program.Forbidden();
            }
        }
        finally
        {
            Volatile.Write(ref Started, -1);
        }

        return forbidden;
    }

    private void Follow(int cpu)
    {
        ProcessAffinity.PinCurrentThread(cpu);
        var random = new SeededRandom(unchecked(seed + 1));
        try
        {
            for (long round = 1; WaitFor(ref Started, round); round++)
            {
                program.Approach();
                _cameInTime = Meet(random);
                program.First();
                Volatile.Write(ref Ended, round);
            }
        }
        finally
        {
            Volatile.Write(ref Ended, -1);
        }
    }

    /// <summary>Waits until the other thread has come to a round.</summary>
    /// <returns>False when it has stopped.</returns>
    private static bool WaitFor(ref long signal, long round)
    {
        for (int looks = 1; ; looks++)
        {
            long seen = Volatile.Read(ref signal);
            if (seen == round || seen < 0)
            {
                return seen == round;
            }

            // Where the machine has other work, the other thread may not even run now.
            if (looks % LooksBeforeYield == 0)
            {
                Thread.Yield();
            }
        }
    }

    private bool Meet(SeededRandom random)
    {
        int pauses = random.Next(MostPauses);
        bool cameInTime = Stopwatch.GetTimestamp() < _meeting;
        while (Stopwatch.GetTimestamp() < _meeting)
        {
        }

        for (; pauses > 0; pauses--)
        {
            Volatile.Read(ref _signals[0]);
        }

        for (int line = 1; line <= BallastLines; line++)
        {
            Volatile.Write(ref _ballast[line * WordsPerLine], _rounds);
        }

        return cameInTime;
    }
}
