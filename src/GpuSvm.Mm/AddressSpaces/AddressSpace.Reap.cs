namespace GpuSvm.Mm;

/// <content>The end before the end.</content>
public sealed partial class AddressSpace
{
    private bool _isReaped;

    /// <summary>True if the reaper may have taken what is missing in a mapping: then it must not come back empty.</summary>
    /// <remarks>Asked under the page-table lock, which the reaper takes after it has said so. Source: Linux check_stable_address_space.</remarks>
    internal bool IsReaped(Vma vma) => !vma.IsShared && SharedWord.Read(ref _isReaped);

    /// <summary>Takes the pages of private mappings where nobody has to wait. Mmap lock held shared.</summary>
    internal ReapReport Reap()
    {
        MmapLock.AssertHeld();
        SharedWord.Write(ref _isReaped, true);
        var zap = new PageZap(_vmas, _table, _frames, _cpu, _id, _options.Clock);
        var report = default(ReapReport);
        foreach (Vma vma in _vmas.Items)
        {
            if (vma.IsShared)
            {
                continue;
            }

            var invalidation = new Invalidation(vma.Range, InvalidationCause.Clear, null, InvalidationBlocking.NonBlockable);
            if (Notifiers.Begin(invalidation, out InvalidationScope scope) != Errno.None)
            {
                report = report with { SkippedMappings = report.SkippedMappings + 1 };
                continue;
            }

            using (scope)
            {
                long taken = zap.RunBesideFaults(vma);
                report = report with { ReapedMappings = report.ReapedMappings + 1, TakenPages = report.TakenPages + taken };
            }
        }

        return report;
    }
}
