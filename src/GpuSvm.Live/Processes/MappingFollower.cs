namespace GpuSvm.Live;

/// <summary>Brings the address space of a live process in line with the process's own mappings.</summary>
/// <remarks>
/// The kernel tells of a change after it is done, and other threads of the process may have changed the same addresses since. So what is
/// told says only where to look; what the kernel shows there by now is what counts. What changes after that look is told later.
/// Of a child whose number is not known yet nothing is shown: then what is told is believed.
/// </remarks>
internal sealed class MappingFollower(LiveProcess process)
{
    private AddressSpace Mm => process.Mm;

    /// <summary>Unmaps what the process has unmapped in a range, unless it has mapped the same there again.</summary>
    /// <exception cref="SvmException">It cannot be unmapped here.</exception>
    public void Unmapped(AddressRange range)
    {
        if (Mm.Vmas().Any(vma => vma.Range.Overlaps(range)))
        {
            Unmap(range, Breaks.UnmappedUnseen ? null : process.Buffers());
        }
    }

    /// <summary>Follows a mapping that has moved; its old place may be mapped still, to the same pages.</summary>
    /// <param name="from">Where it was; empty, when it was mapped once more.</param>
    /// <param name="to">Where it is.</param>
    /// <exception cref="SvmException">It cannot be moved here.</exception>
    public void Moved(AddressRange from, VirtualAddress to)
    {
        IReadOnlyList<BufferMapping>? shown = process.Buffers();
        foreach (Vma vma in Mm.Vmas())
        {
            AddressRange part = vma.Range.Intersect(from);
            foreach (AddressRange kept in part.IsEmpty ? [] : AtNewPlace(shown, vma, part, to + (part.Start - from.Start)))
            {
                VirtualAddress target = to + (kept.Start - from.Start);
                const RemapFlags Flags = RemapFlags.MayMove | RemapFlags.Fixed | RemapFlags.DontUnmap;
                Demand(Mm.Remap(kept.Start, kept.Length, kept.Length, Flags, target, out _), kept);
            }
        }

        if (shown is not null)
        {
            // It may have grown; then it shows more of the same buffer, or what lies behind its end.
            TakeOver(shown, AddressRange.FromLength(to, Math.Max(from.Length, Page.Size)));
            Unmap(from, shown);
        }
    }

    /// <summary>Takes over what the process maps at an address, with its rights: a fault has come of an access that its own mapping allowed.</summary>
    /// <remarks>
    /// mprotect(2), and a mapping that grows where it is, are told by no event. Rights that were taken away the kernel itself keeps from the
    /// process.
    /// </remarks>
    /// <returns>False if the process has no mapping there, or none that allows the access, or it cannot be followed.</returns>
    public bool TryTakeOver(VirtualAddress address, CpuAccess access)
    {
        if (process.Cpu?.Adopted.Find(address) is { } adopted)
        {
            return TryTakeOver(adopted, address, access);
        }

        if (process.Buffers() is not { } shown)
        {
            return false;
        }

        foreach (BufferMapping mapping in shown)
        {
            if (mapping.Range.Contains(address) && Allows(mapping.Rights, access)
                && process.Family.Buffers.Find(mapping.Buffer) is { IsEntered: true } buffer)
            {
                TakeOver(shown, mapping.Range);
                AddressRange range = mapping.Within(buffer.Memory.PageCount).Range;
                return Mm.Protect(range.Start, range.Length, mapping.Rights) == Errno.None;
            }
        }

        return false;
    }

    private bool TryTakeOver(AdoptedRegion region, VirtualAddress address, CpuAccess access)
    {
        AddressRange part = Array.Find(region.Parts, part => part.Contains(address));
        if (!ProcessMaps.TryFindAny(process.ProcessId!.Value, address, out AddressRange range, out Protection rights) || !Allows(rights, access))
        {
            return false;
        }

        range = range.Intersect(part);
        return !range.IsEmpty && Mm.Protect(range.Start, range.Length, rights) == Errno.None;
    }

    private static bool Allows(Protection rights, CpuAccess access) =>
        (rights & (access == CpuAccess.Write ? Protection.Write : Protection.Read)) != 0;

    private void Unmap(AddressRange range, IReadOnlyList<BufferMapping>? shown)
    {
        foreach (Vma vma in Mm.Vmas())
        {
            AddressRange part = vma.Range.Intersect(range);
            if (part.IsEmpty)
            {
                continue;
            }

            VirtualAddress done = part.Start;
            foreach (AddressRange same in shown is null ? [] : AtNewPlace(shown, vma, part, part.Start))
            {
                UnmapRun(vma, new AddressRange(done, same.Start), shown);
                done = same.End;
            }

            UnmapRun(vma, new AddressRange(done, part.End), shown);
        }
    }

    private void UnmapRun(Vma vma, AddressRange range, IReadOnlyList<BufferMapping>? shown)
    {
        if (!range.IsEmpty)
        {
            // Pages that have moved on, which is told later: their bytes stay if they are known there first.
            foreach (BufferMapping mapping in shown ?? [])
            {
                if (vma.Backing is { } backing && process.Family.Buffers.Find(mapping.Buffer)?.Memory == backing.Memory
                    && mapping.FirstPage < backing.IndexOf(range.Start) + range.PageCount
                    && backing.IndexOf(range.Start) < mapping.FirstPage + mapping.Range.PageCount)
                {
                    TakeOver(shown!, mapping.Range);
                }
            }

            Demand(Mm.Unmap(range.Start, range.Length), range);
        }
    }

    /// <summary>Which pages of a part of a mapping the kernel shows at a place, which may be the same; in order.</summary>
    private IEnumerable<AddressRange> AtNewPlace(IReadOnlyList<BufferMapping>? shown, Vma vma, AddressRange part, VirtualAddress place)
    {
        if (shown is null)
        {
            yield return part;
            yield break;
        }

        AddressRange there = AddressRange.FromLength(place, part.Length);
        foreach (BufferMapping mapping in shown)
        {
            AddressRange common = mapping.Range.Intersect(there);
            if (!common.IsEmpty)
            {
                AddressRange candidate = AddressRange.FromLength(part.Start + (common.Start - place), common.Length);
                if (process.Family.Buffers.Find(mapping.Buffer) is { } buffer && vma.Backing is { } backing
                    && backing.Memory == buffer.Memory && backing.IndexOf(candidate.Start) == mapping.PageAt(common.Start))
                {
                    yield return candidate;
                }
            }
        }
    }

    /// <summary>Maps what the process shows of buffers, by mappings that reach into a range, and the address space does not know.</summary>
    private void TakeOver(IReadOnlyList<BufferMapping> shown, AddressRange range)
    {
        foreach (BufferMapping mapping in shown.Where(mapping => mapping.Range.Overlaps(range)))
        {
            if (process.Family.Buffers.Find(mapping.Buffer) is { IsEntered: true } buffer)
            {
                BufferMapping known = mapping.Within(buffer.Memory.PageCount);
                VirtualAddress done = known.Range.Start;
                foreach (Vma vma in Mm.Vmas().Where(vma => vma.Range.Overlaps(known.Range)))
                {
                    Map(buffer, known, done, vma.Range.Start);
                    done = vma.Range.End;
                }

                Map(buffer, known, done, known.Range.End);
            }
        }
    }

    private void Map(LiveBuffer buffer, BufferMapping mapping, VirtualAddress start, VirtualAddress end)
    {
        if (start < end)
        {
            var range = new AddressRange(start, end);
            Demand(Mm.MapObject(start, buffer.Memory, mapping.PageAt(start), range.PageCount, mapping.Rights), range);
        }
    }

    private static void Demand(Errno error, AddressRange range)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, $"What the process did to its mapping of {range} could not be done here.");
        }
    }
}
