namespace GpuSvm.Driver.Tests.Infrastructure;

/// <summary>Counts what is asked for at the sites of some kinds, and has one of them fail, or that and all behind it.</summary>
internal sealed class FailureSites(FailureSite kinds)
{
    private int _last = -1;
    private int _first = int.MaxValue;

    /// <summary>Number of times that a site was reached since the last <see cref="Fail"/>.</summary>
    public int Reached { get; private set; }

    /// <summary>Kind of the first that failed; 0 for none.</summary>
    public FailureSite Failed { get; private set; }

    /// <summary>Has one fail, 0 for the next, and all behind it if that is how it fails.</summary>
    public void Fail(int number, Failing failing) =>
        (_first, _last, Reached, Failed) = (number, failing == Failing.Once ? number : int.MaxValue, 0, 0);

    /// <summary>None fails any more.</summary>
    public void Open() => (_first, _last) = (int.MaxValue, -1);

    public bool May(FailureSite kind)
    {
        if ((kind & kinds) == 0)
        {
            return true;
        }

        int number = Reached++;
        bool fails = number >= _first && number <= _last;
        Failed = fails && Failed == 0 ? kind : Failed;
        return !fails;
    }

    public bool May(VideoAllocation what) => May(what == VideoAllocation.Table ? FailureSite.Table : FailureSite.VideoPages);
}
