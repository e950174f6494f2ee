namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>Has allocations of one kind fail: the one of a number, or that and all behind it.</summary>
internal sealed class FailureGate(VideoAllocation what)
{
    private int _left = int.MaxValue;
    private bool _goesOn;

    /// <summary>Number of allocations that failed.</summary>
    public int Failures { get; private set; }

    /// <summary>Number of allocations of the kind that were asked for.</summary>
    public int Asked { get; private set; }

    /// <summary>Has one allocation fail: 1 for the next.</summary>
    public void FailOnly(int number) => (_left, _goesOn) = (number, false);

    /// <summary>Has an allocation and all behind it fail.</summary>
    public void FailFrom(int number) => (_left, _goesOn) = (number, true);

    /// <summary>No allocation fails any more.</summary>
    public void Open() => _left = int.MaxValue;

    public bool May(VideoAllocation asked)
    {
        Asked += asked == what ? 1 : 0;
        if (asked != what || _left == int.MaxValue)
        {
            return true;
        }

        _left = Math.Max(_left - 1, _goesOn ? 0 : -1);
        Failures += _left == 0 ? 1 : 0;
        return _left != 0;
    }
}
