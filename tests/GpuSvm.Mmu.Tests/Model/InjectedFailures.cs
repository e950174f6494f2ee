using GpuSvm.Core;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>Decides which allocation fails: the n-th of a site from now on, and all later ones where that is wanted.</summary>
internal sealed class InjectedFailures : IMmuBookkeeping
{
    private readonly int[] _left = new int[Enum.GetValues<FailureSite>().Length];
    private readonly bool[] _goesOn = new bool[Enum.GetValues<FailureSite>().Length];

    private readonly long[] _fired = new long[Enum.GetValues<FailureSite>().Length];

    /// <summary>How many allocations of each site have failed.</summary>
    public ReadOnlySpan<long> Fired => _fired;

    /// <summary>True if an allocation has failed since this was set to false.</summary>
    public bool HaveFired { get; set; }

    public bool AreArmed => _left.AsSpan().ContainsAnyExcept(0);

    /// <summary>The n-th allocation from now on fails; 0 disarms.</summary>
    public void Arm(FailureSite site, int n, bool goesOn)
    {
        _left[(int)site] = n;
        _goesOn[(int)site] = goesOn;
    }

    public void Disarm()
    {
        Array.Clear(_left);
        HaveFired = false;
    }

    public bool Fails(FailureSite site)
    {
        ref int left = ref _left[(int)site];
        if (left == 0 || --left > 0)
        {
            return false;
        }

        left = _goesOn[(int)site] ? 1 : 0;
        _fired[(int)site]++;
        HaveFired = true;
        return true;
    }

    public bool MayMake(MmuNode node) => !Fails(node == MmuNode.Table ? FailureSite.Node : FailureSite.Area);
}
