using GpuSvm.Core;

namespace GpuSvm.Controls.Scenarios;

/// <summary>One thread reads a page through its TLB while another moves the page from frame to frame and frees the old one.</summary>
/// <remarks>
/// A freed frame is marked. An access that reads the mark used a translation after the flush had returned: its translation was still
/// in flight (the flush did not wait), or an entry walked before the drop was filled after it.
/// </remarks>
public sealed class TranslationCacheScenario : IControlScenario
{
    private const ulong PageAddress = 0x7000;
    private const long Live = 1;
    private const long Freed = 0;
    private const int FrameCount = 64;
    private const int Few = 100;
    private readonly TranslationCache _cache = new();
    private readonly long[] _frames = new long[FrameCount];
    private ulong _pageTableEntry;
    private bool _stop;
    private long _staleReads;

    /// <inheritdoc/>
    public string Name => "translation-cache";

    /// <inheritdoc/>
    public Verdict Run(Deadline deadline, TextWriter log)
    {
        _frames[_pageTableEntry] = Live;
        SvmThread reader = SvmThread.Start("reader", Read);
        long moves = 0;
        while (!deadline.HasPassed && Volatile.Read(ref _staleReads) == 0)
        {
            MovePage();
            moves++;
        }

        Volatile.Write(ref _stop, true);
        reader.Join();
        log.WriteLine($"{moves} moves, {_cache.CompletedAccesses} accesses, {_staleReads} stale reads");
        if (_staleReads > 0)
        {
            return Verdict.Caught;
        }

        return moves >= Few && _cache.CompletedAccesses >= Few ? Verdict.Clean : Verdict.Inconclusive;
    }

    private void MovePage()
    {
        ulong old = _pageTableEntry;
        ulong next = (old + 1) % FrameCount;
        Volatile.Write(ref _frames[next], Live);
        Volatile.Write(ref _pageTableEntry, next);
        _cache.Drop(AddressRange.PageAt(new VirtualAddress(PageAddress)));
        AccessBarrier.Pass();
        _cache.WaitForAccessInFlight();
        Volatile.Write(ref _frames[old], Freed);
    }

    private void Read()
    {
        var random = new SeededRandom(1);
        while (!Volatile.Read(ref _stop))
        {
            _cache.BeginAccess();
            ulong frame = Translate(random);
            Linger(random);
            if (Volatile.Read(ref _frames[frame]) == Freed)
            {
                Interlocked.Increment(ref _staleReads);
            }

            _cache.EndAccess();
        }
    }

    private ulong Translate(SeededRandom random)
    {
        if (_cache.TryTranslate(PageAddress, TranslationRights.Read, sizeof(long), out ulong frame))
        {
            return frame;
        }

        long sequence = _cache.Sequence;
        frame = Volatile.Read(ref _pageTableEntry);
        Linger(random);
        _cache.Fill(PageAddress, TranslationRights.Read, frame, sequence);
        return frame;
    }

    /// <summary>Takes a while, now and then a long one: that is where a flush comes in between.</summary>
    private static void Linger(SeededRandom random) => Thread.SpinWait(random.Next(random.Next(4) == 0 ? 512 : 16));
}
