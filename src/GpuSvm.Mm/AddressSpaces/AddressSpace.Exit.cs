namespace GpuSvm.Mm;

/// <content>The end.</content>
public sealed partial class AddressSpace
{
    /// <summary>True once the address space has ended: nothing is mapped, and nothing will be.</summary>
    /// <remarks>Locking: the mmap lock is held, shared or exclusively. Source: Linux mmget_not_zero, which fails then.</remarks>
    public bool HasExited
    {
        get
        {
            MmapLock.AssertHeld();
            return _exited;
        }
    }

    /// <summary>Ends the address space: mirrors drop everything, all pages are freed. A second call does nothing.</summary>
    /// <remarks>
    /// Afterwards no notifier can be inserted and every access faults; notifiers that are still inserted may be removed as ever.
    /// Source: Linux exit_mmap, mmu_notifier_release.
    /// </remarks>
    public void Exit()
    {
        using (MmapLock.EnterExclusive())
        {
            if (_exited)
            {
                return;
            }

            _exited = true;
            BringHomeShared(_options.Window);
            Notifiers.Close();
            if (Breaks.ExitBeforeTheInvalidation)
            {
                _zap.RunUnmapped(_options.Window);
            }

            using (Open(new AddressRange(0UL, ulong.MaxValue), InvalidationCause.Release))
            {
                AddressRange all = _options.Window;
                _zap.RunUnmapped(all);
                _vmas.Apply(_vmas.PrepareUnmap(all));
                _table.RemoveAll();
            }

            _frames.Unregister(_id);
        }
    }

    /// <summary>Ends the address space, as <see cref="Exit"/> does.</summary>
    public void Dispose() => Exit();
}
