namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>Lets the n-th allocation of a class fail.</summary>
internal sealed class FailurePoint
{
    private ulong _left;
    private bool _isLasting;

    /// <summary>Sets which one fails.</summary>
    /// <param name="number">Its number, counted from now on; 0 for none.</param>
    /// <param name="isLasting">True if all later ones fail too.</param>
    public void Arm(ulong number, bool isLasting)
    {
        _left = number;
        _isLasting = isLasting;
    }

    /// <summary>Counts an allocation.</summary>
    /// <returns>True if it fails.</returns>
    public bool Fails()
    {
        if (_left != 1)
        {
            _left -= _left == 0 ? 0UL : 1;
            return false;
        }

        _left = _isLasting ? 1UL : 0;
        return true;
    }
}
