namespace GpuSvm.Driver;

/// <summary>The driver's hold on a device's ring of faults: set up, enabled, disabled and enabled again, or lost.</summary>
/// <remarks>
/// <para>
/// While it is disabled the ring looks empty, so that whoever drains it comes to an end, and the interrupt is blocked. What the ring
/// holds stays there: enabling reads GET and PUT anew.
/// </para>
/// <para>
/// A device may stop answering: registers that read as no entry of the ring (all ones, once it has fallen off its bus), a GET that does
/// not move where it was written, one entry after the other that never becomes valid. Each ends in <see cref="IsLost"/>, which is final;
/// the ring looks empty from then on.
/// </para>
/// <para>
/// Locking: one thread drains it at a time; enabling and disabling come from any. Source: nouveau_svm.c, nouveau_svm_fault_buffer_ctor,
/// _init, _fini and _dtor.
/// </para>
/// </remarks>
internal sealed class ReplayableFaultBuffer : IFaultBuffer
{
    private readonly IGpu _gpu;
    private readonly IFaultBuffer _ring;
    private readonly int _maxLateEntries;
    private readonly Action _interrupt;
    private int _get;
    private int _lateInARow;
    private bool _isReadable;
    private bool _isEnabled;
    private bool _isLost;

    /// <summary>Sets the buffer up, disabled: no register is touched.</summary>
    /// <param name="gpu">The device.</param>
    /// <param name="maxLateEntries">Number of entries in a row that may never become valid.</param>
    /// <param name="interrupt">Called while the buffer is enabled when entries were written, or the device has something else to say.</param>
    public ReplayableFaultBuffer(IGpu gpu, int maxLateEntries, Action interrupt)
    {
        _gpu = gpu;
        _ring = gpu.FaultBuffer;
        _maxLateEntries = maxLateEntries;
        _interrupt = interrupt;
    }

    /// <summary>True between <see cref="Enable"/> and <see cref="Disable"/>.</summary>
    public bool IsEnabled => SharedWord.Read(ref _isEnabled);

    /// <summary>True once the device has stopped answering.</summary>
    public bool IsLost => SharedWord.Read(ref _isLost) || _gpu.IsLost;

    /// <inheritdoc/>
    public int EntryCount => _ring.EntryCount;

    /// <inheritdoc/>
    /// <remarks>As the driver remembers it: it alone moves GET.</remarks>
    public int Get => _get;

    /// <inheritdoc/>
    /// <remarks>Equal to GET unless the buffer is enabled.</remarks>
    public int Put
    {
        get
        {
            if (!IsEnabled || IsLost)
            {
                return _get;
            }

            int put = _ring.Put;
            return DemandIndex(put) ? put : _get;
        }
    }

    /// <inheritdoc/>
    public bool Overflow => _ring.Overflow;

    /// <summary>Reads GET and PUT and allows the interrupt.</summary>
    /// <returns>True if somebody must look: the ring holds entries whose interrupt may have come before, or the device does not answer.</returns>
    /// <remarks>Nobody drains meanwhile.</remarks>
    public bool Enable()
    {
        int get = _ring.Get;
        if (!DemandIndex(get))
        {
            return true;
        }

        _get = get;
        SharedWord.Write(ref _isEnabled, true);
        _gpu.SetFaultInterrupt(OnInterrupt);
        return Put != get || IsLost;
    }

    /// <summary>Blocks the interrupt; from now on the ring looks empty. Who drains it may be in the middle of a batch still.</summary>
    public void Disable()
    {
        _gpu.SetFaultInterrupt(null);
        SharedWord.Write(ref _isEnabled, false);
    }

    /// <inheritdoc/>
    public void WriteGet(int index)
    {
        _get = index;
        if (IsLost)
        {
            return;
        }

        _ring.WriteGet(index);
        if (_ring.Get != index)
        {
            Lose();
        }
    }

    /// <inheritdoc/>
    public void ClearOverflow() => _ring.ClearOverflow();

    /// <inheritdoc/>
    public bool TryRead(int index, out FaultEntry entry)
    {
        bool isValid = _ring.TryRead(index, out entry);
        _isReadable |= isValid;
        return isValid;
    }

    /// <inheritdoc/>
    /// <remarks>Several threads may take different entries at the same time.</remarks>
    public int Take(int index, Span<FaultEntry> entries)
    {
        int taken = _ring.Take(index, entries);
        if (taken > 0 && _lateInARow > 0)
        {
            _lateInARow = 0;
        }

        return taken;
    }

    /// <inheritdoc/>
    public void MarkInvalid(int index)
    {
        _ring.MarkInvalid(index);
        _lateInARow = _isReadable ? 0 : _lateInARow + 1;
        _isReadable = false;
        if (_lateInARow > _maxLateEntries)
        {
            Lose();
        }
    }

    private void OnInterrupt()
    {
        if (IsEnabled)
        {
            _interrupt();
        }
    }

    private bool DemandIndex(int index)
    {
        bool isIndex = index >= 0 && index < EntryCount;
        if (!isIndex)
        {
            Lose();
        }

        return isIndex;
    }

    private void Lose() => SharedWord.Write(ref _isLost, true);
}
