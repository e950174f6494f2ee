namespace GpuSvm.Live.Programs.Storm;

/// <summary>A page that one thread writes and checks while others take it away.</summary>
/// <remarks>
/// What a word may hold follows from counting: it must be what was written last if no discard ran since, zero if one began after the write
/// and has ended, and either of the two in between.
/// </remarks>
internal sealed class StormPage(int id, VirtualAddress address)
{
    /// <summary>Words of a page.</summary>
    public const int Words = 512;

    /// <summary>Shift of the part of a word that says which page it belongs to; the part below 4096 says which word it is.</summary>
    public const int IdShift = 40;

    private ulong _generation;
    private long _discardsBegun;
    private long _discardsEnded;
    private long _begunAfterWrite;
    private long _endedBeforeWrite = -1;

    /// <summary>Where it is.</summary>
    public VirtualAddress Address { get; } = address;

    /// <summary>How often the page had no entry when the owner came to it: its first touch then waits for the handler.</summary>
    public long FoundAbsent { get; private set; }

    /// <summary>How often the page was write-protected when the owner came to it: its first store then waits for the handler.</summary>
    public long FoundProtected { get; private set; }

    /// <summary>Says that a discard begins. Any thread.</summary>
    public void BeginDiscard() => Interlocked.Increment(ref _discardsBegun);

    /// <summary>Says that a discard has ended. Any thread.</summary>
    public void EndDiscard() => Interlocked.Increment(ref _discardsEnded);

    /// <summary>Fills the page with words that no other page and no earlier write had. The owner.</summary>
    public void Write()
    {
        CountFault();
        _generation++;
        _endedBeforeWrite = Interlocked.Read(ref _discardsEnded);
        for (int i = 0; i < Words; i++)
        {
            Touching.Store(WordAt(i), Stamp(i));
        }

        Interlocked.MemoryBarrier();
        _begunAfterWrite = Interlocked.Read(ref _discardsBegun);
    }

    /// <summary>Reads the page and checks every byte. The owner.</summary>
    /// <exception cref="CheckFailedException">A byte is not what it must be.</exception>
    public void Verify()
    {
        CountFault();
        long ended = Interlocked.Read(ref _discardsEnded);
        int zeros = 0;
        for (int i = 0; i < Words; i++)
        {
            ulong found = Touching.Load(WordAt(i));
            zeros += found == 0 ? 1 : 0;
            Check.That(found == 0 || found == Stamp(i), $"{WordAt(i)}: expected 0x{Stamp(i):x} or 0, found 0x{found:x}");
        }

        long begun = Interlocked.Read(ref _discardsBegun);
        if (_generation > 0)
        {
            Check.That(zeros == 0 || begun > _endedBeforeWrite, $"{Address}: {zeros} words are lost though no discard came after them");
            Check.That(zeros == Words || ended <= _begunAfterWrite, $"{Address}: {Words - zeros} words have outlived a discard");
        }
    }

    /// <summary>Notes what entry there is. Others change it all the time, so this says how many faults there were, not which.</summary>
    private void CountFault()
    {
        PagemapEntry entry = PagemapEntry.Of(Address);
        FoundAbsent += entry.IsPresent ? 0 : 1;
        FoundProtected += entry.IsPresent && entry.IsUserfaultWriteProtected ? 1 : 0;
    }

    private VirtualAddress WordAt(int index) => Address + (8 * (ulong)index);

    private ulong Stamp(int index) => _generation == 0 ? 0 : ((ulong)(id + 1) << IdShift) | (_generation << 12) | (uint)index;
}
