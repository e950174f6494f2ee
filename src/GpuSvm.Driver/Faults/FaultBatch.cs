namespace GpuSvm.Driver;

/// <summary>The faults that were fetched together: filled, sorted, grouped, all in arrays that are kept.</summary>
/// <param name="capacity">Largest number of faults.</param>
internal sealed class FaultBatch(int capacity)
{
    private const int BlockShift = 21;
    private static readonly Comparison<FaultEntry> Order = Compare;
    private readonly FaultEntry[] _faults = new FaultEntry[capacity];

    /// <summary>Number of faults in the batch.</summary>
    public int Count { get; private set; }

    /// <summary>True if no further fault fits.</summary>
    public bool IsFull => Count == _faults.Length;

    /// <summary>The faults, in fetch order until <see cref="Sort"/>.</summary>
    public ReadOnlySpan<FaultEntry> Faults => _faults.AsSpan(0, Count);

    /// <summary>Empties the batch.</summary>
    public void Clear() => Count = 0;

    /// <summary>Adds a fault; the batch is not full.</summary>
    public void Add(in FaultEntry fault) => _faults[Count++] = fault;

    /// <summary>Sorts by instance, then page, then strongest access first, then address: a total order.</summary>
    public void Sort() => _faults.AsSpan(0, Count).Sort(Order);

    /// <summary>The faults from <paramref name="first"/> on that touch the same page through the same instance; the strongest is first.</summary>
    public ReadOnlySpan<FaultEntry> GroupAt(int first)
    {
        int end = first + 1;
        while (end < Count && SamePage(_faults[first], _faults[end]))
        {
            end++;
        }

        return _faults.AsSpan(first, end - first);
    }

    /// <summary>True if what precedes a fault and the fault itself lie in different 2 MiB blocks of addresses, or the batch ends there.</summary>
    /// <param name="end">Index of the fault, at least 1; the batch is sorted.</param>
    public bool EndsBlock(int end) =>
        end == Count || _faults[end - 1].Instance != _faults[end].Instance
        || _faults[end - 1].Address.Value >> BlockShift != _faults[end].Address.Value >> BlockShift;

    /// <summary>The first faults of a group that want the same as its first one.</summary>
    public static ReadOnlySpan<FaultEntry> AlikeIn(ReadOnlySpan<FaultEntry> group)
    {
        int end = 1;
        while (end < group.Length && group[end].Access == group[0].Access)
        {
            end++;
        }

        return group[..end];
    }

    /// <summary>The order of a batch; see <see cref="Sort"/>.</summary>
    internal static int Compare(FaultEntry left, FaultEntry right)
    {
        int byInstance = left.Instance.Address.CompareTo(right.Instance.Address);
        if (byInstance != 0)
        {
            return byInstance;
        }

        int byPage = (left.Address.Value >> Page.Shift).CompareTo(right.Address.Value >> Page.Shift);
        if (byPage != 0)
        {
            return byPage;
        }

        int byStrength = StrengthOf(right.Access).CompareTo(StrengthOf(left.Access));
        return byStrength != 0 ? byStrength : left.Address.CompareTo(right.Address);
    }

    /// <summary>How much an access asks for: an atomic the most, a prefetch the least.</summary>
    internal static int StrengthOf(FaultAccess access) => access switch
    {
        FaultAccess.Atomic => 3,
        FaultAccess.Write => 2,
        FaultAccess.Read => 1,
        _ => 0,
    };

    private static bool SamePage(in FaultEntry left, in FaultEntry right) =>
        left.Instance == right.Instance && left.Address.Value >> Page.Shift == right.Address.Value >> Page.Shift;
}
