namespace GpuSvm.SvmTests;

/// <content>Where memory is, and where it moves to.</content>
internal sealed partial class SectionRun
{
    /// <summary>The word that execs write last, in shared memory of its own; not used in a race.</summary>
    private VirtualAddress _fences;

    /// <summary>The second allocation of a race, which the CPU replaces and moves.</summary>
    private VirtualAddress _beside;

    private void TakeFences()
    {
        if (_section.Has(SectionFlags.Race))
        {
            // Two pages: the second is where the first is moved to.
            _beside = Process.Map(2 * Page.Size);
        }
        else
        {
            _fences = Process.Reserve(Page.Size, Page.Size);
            Process.MapSharedAt(_fences, Page.Size);
        }
    }

    private void LeaveFences()
    {
        if (_section.Has(SectionFlags.Race))
        {
            Process.Unmap(_beside, 2 * Page.Size);
        }
        else
        {
            Process.Unmap(_fences, Page.Size);
        }
    }

    /// <summary>Moves the buffer to the GPU's memory; shared memory stays where it is, and nothing is said where the CPU may touch it meanwhile.</summary>
    private void Prefetch()
    {
        Expect.Equal(Errno.None, _client.Prefetch(Buffer.Touched).Error, "prefetch");
        if (IsAlone && !_section.Has(SectionFlags.Shared | SectionFlags.Race))
        {
            Process.ExpectPlace(Buffer.Touched, PageLocation.DevicePrivate);
        }
    }

    /// <summary>What is said of the buffer before an exec.</summary>
    private MemoryAdvice AdviceFor(int i) =>
        !_section.Has(SectionFlags.Swizzle) ? MemoryAdvice.None :
        i % 2 == 0 ? MemoryAdvice.PreferHost : MemoryAdvice.PreferDevice;

    /// <summary>The page of an exec is where it was moved, else where it was said to be best, else where the driver places pages.</summary>
    /// <remarks>
    /// Of shared pages and those of files nothing is said, nor where the CPU races, or other threads have memory in the same range. A page that has
    /// lost its right to be written while it lived on the GPU goes home when the GPU writes it.
    /// </remarks>
    private void ExpectPlace(int i, MemoryAdvice advice)
    {
        const SectionFlags Free =
            SectionFlags.Shared | SectionFlags.FileBacked | SectionFlags.Race | SectionFlags.ReadOnlyRemap | SectionFlags.ForkRead;
        SvmResidency placement =
            _section.Has(SectionFlags.Prefetch) ? SvmResidency.Device :
            advice == MemoryAdvice.PreferDevice ? SvmResidency.Device :
            advice == MemoryAdvice.PreferHost ? SvmResidency.System : _machine.Placement;
        if (IsAlone && !_section.Has(Free) && placement != SvmResidency.Auto)
        {
            PageLocation place = placement == SvmResidency.Device ? PageLocation.DevicePrivate : PageLocation.System;
            Process.ExpectPlace(AddressRange.PageAt(Buffer.Address + OffsetOf(i)), place);
        }
    }

    /// <summary>Moves the buffer to another address, as the section says.</summary>
    private void Move()
    {
        AddressRange old = Buffer.Range;
        VirtualAddress target = _next != default ? _next : _allocator.Reserve();
        _next = default;
        bool isReadOnly = _section.Has(SectionFlags.ReadOnlyRemap);
        if (isReadOnly)
        {
            Process.Protect(old.Start, old.Length, Protection.Read);
        }

        bool staysMapped = _section.Has(SectionFlags.DontUnmap);
        Process.Remap(old.Start, old.Length, staysMapped ? RemapFlags.DontUnmap : RemapFlags.None, target);
        Buffer.Address = target;
        if (isReadOnly)
        {
            Process.Protect(target, old.Length, Protection.ReadWrite);
        }

        ExpectGone(old, "where the buffer was");
        if (staysMapped)
        {
            LeaveOld(old);
        }
    }

    /// <summary>The old mapping of private memory is empty, that of shared memory shows the same pages; then it goes.</summary>
    private void LeaveOld(AddressRange old)
    {
        ulong expected = _section.Has(SectionFlags.Shared) && !LooksAtPairs ? Buffer.WordAt(0) : 0UL;
        if (!_section.Has(SectionFlags.Shared) || !LooksAtPairs)
        {
            Expect.Equal(expected, _cpu.Load<ulong>(old.Start), "the first word where the buffer was");
        }

        Process.Unmap(old.Start, old.Length);
    }
}
