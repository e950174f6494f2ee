namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>A fault ring whose entries become valid when the test says so.</summary>
internal sealed class ScriptedFaultBuffer(int entries) : IFaultBuffer
{
    private readonly FaultEntry[] _entries = new FaultEntry[entries];
    private readonly int[] _pollsLeft = new int[entries];
    private readonly bool[] _valid = new bool[entries];
    private readonly int[] _polls = new int[entries];
    private int _get;
    private int _put;

    /// <summary>Number of polls after which the next written entries are valid; 0 is at once, -1 never.</summary>
    public int LateBy { get; set; }

    public int EntryCount => entries;

    public int Get => IsUnplugged ? -1 : _get;

    public int Put => IsUnplugged ? -1 : _put;

    /// <summary>Registers read as all ones, as those of a device that has fallen off its bus.</summary>
    public bool IsUnplugged { get; set; }

    /// <summary>GET stays where it is, whatever is written there.</summary>
    public bool IsStuck { get; set; }

    public bool Overflow { get; set; }

    public int GetWrites { get; private set; }

    public void Write(in FaultEntry entry)
    {
        Assert.NotEqual(_get, (_put + 1) % entries);
        _entries[_put] = entry;
        _valid[_put] = true;
        _pollsLeft[_put] = LateBy;
        _put = (_put + 1) % entries;
    }

    public void WriteGet(int index)
    {
        GetWrites++;
        for (int i = _get; i != index; i = (i + 1) % entries)
        {
            Assert.False(_valid[i], "an entry is marked invalid before its slot is given back");
        }

        _get = IsStuck ? _get : index;
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
