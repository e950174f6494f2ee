namespace GpuSvm.Mm.Tests;

/// <summary>An address space as a dictionary of pages: what every call answers, and what is there afterwards.</summary>
internal sealed class ModelSpace
{
    private const ulong Size = Page.Size;

    public SortedDictionary<ulong, ModelPage> Pages { get; private init; } = [];

    public void Map(ulong start, ulong count, ModelPage first)
    {
        for (ulong i = 0; i < count; i++)
        {
            Pages[start + (i * Size)] = first.Behind(i);
        }
    }

    public void Unmap(ulong start, ulong count) => Array.ForEach(Addresses(start, count), page => Pages.Remove(page));

    public Errno Change(ulong start, ulong count, Func<ModelPage, ModelPage> change) => Change(start, count, static _ => true, change);

    public Errno Advise(ulong start, ulong count, Advice advice) => advice switch
    {
        Advice.DontNeed => Change(start, count, static page => page with { Own = null }),
        Advice.Free => Change(start, count, static page => page.Store is null, static page => page with { Own = null }),
        Advice.DontFork => Change(start, count, static page => page with { Flags = page.Flags | VmaFlags.DontFork }),
        Advice.DoFork => Change(start, count, static page => page with { Flags = page.Flags & ~VmaFlags.DontFork }),
        Advice.PopulateRead => Populate(start, count, CpuAccess.Read),
        Advice.PopulateWrite => Populate(start, count, CpuAccess.Write),
        _ => Errno.EINVAL,
    };

    /// <summary>The answer of an access, and what it leaves.</summary>
    public Errno Touch(ulong page, CpuAccess access, ulong? value = null)
    {
        if (!Pages.TryGetValue(page, out ModelPage there) || !there.Allows(access) || !there.IsThere)
        {
            return Errno.EFAULT;
        }

        if (access == CpuAccess.Write)
        {
            Pages[page] = there.Written(value ?? there.Value);
        }

        return Errno.None;
    }

    /// <summary>What a fork gives.</summary>
    public ModelSpace Fork() => new()
    {
        Pages = new(Pages.Where(page => (page.Value.Flags & VmaFlags.DontFork) == 0).ToDictionary()),
    };

    /// <summary>What remapping answers.</summary>
    /// <param name="call">The call.</param>
    /// <param name="moves">True if the pages move; then <see cref="Move"/> says what is left.</param>
    public Errno Remap(in RemapRequest call, out bool moves)
    {
        ulong start = call.Address;
        ulong kept = Math.Min(call.Length, call.NewLength);
        moves = call.NamesTarget;
        if (moves && !call.IsTargetSound(1UL << 47))
        {
            return Errno.EINVAL;
        }

        if (!Pages.TryGetValue(start, out ModelPage first))
        {
            return Errno.EFAULT;
        }

        if (!moves && call.NewLength <= call.Length)
        {
            Unmap(start + kept, (call.Length - kept) / Size);
            return Errno.None;
        }

        if (!IsOneMapping(start, kept / Size))
        {
            return Errno.EFAULT;
        }

        if (!moves && !IsOneMapping(start, (kept / Size) + 1) &&
            !Addresses(start + kept, (call.NewLength - kept) / Size).Any(Pages.ContainsKey))
        {
            Map(start + kept, (call.NewLength - kept) / Size, first.Behind(kept / Size));
            return Errno.None;
        }

        moves = (call.Flags & RemapFlags.MayMove) != 0;
        return moves ? Errno.None : Errno.ENOMEM;
    }

    /// <summary>Moves pages to where they were put.</summary>
    public void Move(in RemapRequest call, ulong target)
    {
        ulong start = call.Address;
        ModelPage[] moved = [.. Addresses(start, Math.Min(call.Length, call.NewLength) / Size).Select(page => Pages[page])];
        Map(target, call.NewLength / Size, moved[0]);
        Unmap(start, call.Length / Size);
        if ((call.Flags & RemapFlags.DontUnmap) != 0)
        {
            Map(start, call.Length / Size, moved[0]);
        }

        for (int i = 0; i < moved.Length; i++)
        {
            Pages[target + ((ulong)i * Size)] = moved[i];
        }
    }

    private Errno Populate(ulong start, ulong count, CpuAccess access)
    {
        Errno error = Change(start, count, page => page.Allows(access), static page => page);
        foreach (ulong page in error == Errno.None ? Addresses(start, count) : [])
        {
            error = Touch(page, access);
            if (error != Errno.None)
            {
                break;
            }
        }

        return error;
    }

    private Errno Change(ulong start, ulong count, Func<ModelPage, bool> canTake, Func<ModelPage, ModelPage> change)
    {
        ulong[] pages = Addresses(start, count);
        if (!pages.All(Pages.ContainsKey))
        {
            return Errno.ENOMEM;
        }

        if (!pages.All(page => canTake(Pages[page])))
        {
            return Errno.EINVAL;
        }

        Array.ForEach(pages, page => Pages[page] = change(Pages[page]));
        return Errno.None;
    }

    private bool IsOneMapping(ulong start, ulong count)
    {
        ulong[] pages = Addresses(start, count);
        return pages.All(Pages.ContainsKey) && pages.Zip(pages.Skip(1)).All(pair => Pages[pair.First].JoinsWith(Pages[pair.Second]));
    }

    private static ulong[] Addresses(ulong start, ulong count) =>
        [.. Enumerable.Range(0, (int)count).Select(i => start + ((ulong)i * Size))];
}
