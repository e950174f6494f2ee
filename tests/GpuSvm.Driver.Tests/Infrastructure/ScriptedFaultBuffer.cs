namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A fault ring whose entries become valid when the test says so.</summary>
internal sealed class ScriptedFaultBuffer(int entries) : IFaultBuffer
{
    private readonly FaultEntry[] _entries = new FaultEntry[entries];
    private readonly int[] _pollsLeft = new int[entries];
    private readonly bool[] _valid = new bool[entries];
    private readonly int[] _polls = new int[entries];

    /// <summary>Number of polls after which the next written entries are valid; 0 is at once, -1 never.</summary>
    public int LateBy { get; set; }

    public int EntryCount => entries;

    public int Get { get; private set; }

    public int Put { get; private set; }

    public bool Overflow { get; set; }

    public int GetWrites { get; private set; }

    public void Write(in FaultEntry entry)
    {
        Assert.NotEqual(Get, (Put + 1) % entries);
        _entries[Put] = entry;
        _valid[Put] = true;
        _pollsLeft[Put] = LateBy;
        Put = (Put + 1) % entries;
    }

    public void WriteGet(int index)
    {
        GetWrites++;
        for (int i = Get; i != index; i = (i + 1) % entries)
        {
            Assert.False(_valid[i], "an entry is marked invalid before its slot is given back");
        }

        Get = index;
    }

    public void ClearOverflow() => Overflow = false;

    public bool TryRead(int index, out FaultEntry entry)
    {
        _polls[index]++;
        entry = _entries[index];
        return _valid[index] && _pollsLeft[index] >= 0 && _pollsLeft[index]-- == 0;
    }

    /// <summary>How often an entry was asked for.</summary>
    public int PollsOf(int index) => _polls[index];

    public void MarkInvalid(int index) => _valid[index] = false;
}
