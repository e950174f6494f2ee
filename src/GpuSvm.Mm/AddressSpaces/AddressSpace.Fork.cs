namespace GpuSvm.Mm;

/// <content>A second process with the same memory.</content>
public sealed partial class AddressSpace
{
    /// <summary>Makes an address space with the same mappings: private memory is copied when one of the two writes it, other is shared.</summary>
    /// <param name="cpu">The CPU that runs in the child, and in no other; connected with it on success only.</param>
    /// <param name="options">Limits of the child, whose window is this one's; null for the same.</param>
    /// <param name="child">The child; null on failure.</param>
    /// <returns>
    /// EINVAL: the address space has ended. EOPNOTSUPP: the frames of one of the CPUs alone are fixed. ENOMEM: no frame for the copy of a
    /// pinned page, or more mappings than the child may have, or memory that the reaper has taken. EBUSY: a device is just about to use a page alone. After a failure nothing is left of
    /// the child, and pages may have become read-only until they are written.
    /// </returns>
    /// <remarks>
    /// <para>
    /// Pages of private mappings become read-only in both, wherever they live, inside an invalidation for each mapping. What a device has
    /// for itself goes back to the CPU first. Pages that somebody has pinned are copied at once, so that they stay the parent's.
    /// </para>
    /// <para>
    /// Where frames are fixed all mappings are of memory objects, and the child has the entries of the parent from the start: its CPU
    /// has copied them.
    /// </para>
    /// <para>Source: Linux kernel/fork.c, dup_mmap; mm/memory.c, copy_page_range.</para>
    /// </remarks>
    public Errno TryFork(ICpu cpu, AddressSpaceOptions? options, out AddressSpace? child)
    {
        ArgumentNullException.ThrowIfNull(cpu);
        child = null;
        if (((_cpu.Capabilities ^ cpu.Capabilities) & CpuCapabilities.FreeFrames) != 0)
        {
            return Errno.EOPNOTSUPP;
        }

        var made = new AddressSpace((options ?? _options) with { Window = _options.Window }, _frames, cpu);
        bool isMade = false;
        try
        {
            Errno error = CopyTo(made);
            if (error == Errno.None)
            {
                cpu.Attach(made, made._table);
                child = made;
                isMade = true;
            }

            return error;
        }
        finally
        {
            if (!isMade)
            {
                made.Exit();
            }
        }
    }

    private Errno CopyTo(AddressSpace child)
    {
        using (MmapLock.EnterExclusive())
        {
            Errno error = _exited ? Errno.EINVAL : Errno.None;
            foreach (Vma vma in _vmas.Items)
            {
                if (error == Errno.None && (vma.Flags & VmaFlags.DontFork) == 0)
                {
                    error = CopyTo(child, vma);
                }
            }

            return error;
        }
    }

    private Errno CopyTo(AddressSpace child, Vma vma)
    {
        // What the reaper has taken would come back empty in the child.
        if (child._vmas.Count >= child._options.VmaLimit || IsReaped(vma))
        {
            return Errno.ENOMEM;
        }

        child._vmas.Apply(child._vmas.PrepareMap(vma));
        ulong address = vma.Range.Start;
        if (_table.FindNext(ref address, vma.Range.End) is null)
        {
            return Errno.None;
        }

        if (vma.IsShared)
        {
            // Pages of an object are found by their index; but what the child's CPU has already, its table must have, too.
            if ((_cpu.Capabilities & CpuCapabilities.FreeFrames) == 0)
            {
                RepeatEntries(child, vma.Range);
            }

            return Errno.None;
        }

        if (Breaks.ForkBeforeTheInvalidation)
        {
            Errno early = ShareEntries(child, vma.Range);
            Open(vma.Range, InvalidationCause.ProtectionPage).Dispose();
            return early;
        }

        using (Open(vma.Range, InvalidationCause.ProtectionPage))
        {
            return ShareEntries(child, vma.Range);
        }
    }
}
