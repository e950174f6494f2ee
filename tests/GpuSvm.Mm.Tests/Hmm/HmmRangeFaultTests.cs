namespace GpuSvm.Mm.Tests;

/// <summary>The table of hmm_range_fault, row by row, with exact bits.</summary>
public sealed class HmmRangeFaultTests : IDisposable
{
    private const ulong Base = 0x10000;
    private const ulong Size = TestMachine.PageSize;
    private const ulong ValidBit = 1UL << 63;
    private const ulong WriteBit = 1UL << 62;
    private const ulong ErrorBit = 1UL << 61;
    private const ulong Sticky = 7UL << 58;
    private const ulong Request = 1UL << 63;
    private const ulong RequestWrite = 3UL << 62;
    private readonly TestMachine _m = new(limit: 64);
    private readonly IntervalNotifier _notifier = new(new RecordingMirror("a"));

    public HmmRangeFaultTests() => _m.Mm.Notifiers.Insert(_notifier, new AddressRange(0UL, 0x100000UL));

    public void Dispose()
    {
        _m.Mm.Notifiers.Remove(_notifier);
        _m.Dispose();
    }

    [Fact]
    public void The_bits_lie_where_Linux_has_them()
    {
        Assert.Equal(
            (ValidBit, WriteBit, ErrorBit, 1UL << 60, 1UL << 59, 1UL << 58),
            (HmmPfn.Valid.Bits, HmmPfn.Write.Bits, HmmPfn.Error.Bits, HmmPfn.DmaMapped.Bits, HmmPfn.PeerToPeer.Bits, HmmPfn.PeerToPeerBus.Bits));
        Assert.Equal((Request, 1UL << 62), (HmmPfn.RequestFault.Bits, HmmPfn.RequestWrite.Bits));
        var all = new HmmPfn((9UL << 53) | 0x1f_ffff_ffff_ffff);
        Assert.Equal((9, 0x1f_ffff_ffff_ffffUL, false, false, false), (all.Order, all.Frame.Value, all.IsValid, all.IsWritable, all.IsError));
    }

    [Theory]
    [InlineData(0UL, Errno.None, ErrorBit)]
    [InlineData(Request, Errno.EFAULT, 0UL)]
    [InlineData(RequestWrite, Errno.EFAULT, 0UL)]
    public void No_mapping(ulong request, Errno error, ulong bits) => Expect(request, error, bits);

    [Theory]
    [InlineData(Protection.None, 0UL, Errno.None, ErrorBit)]
    [InlineData(Protection.None, Request, Errno.EFAULT, 0UL)]
    [InlineData(Protection.None, RequestWrite, Errno.EFAULT, 0UL)]
    [InlineData(Protection.Write, 0UL, Errno.None, ErrorBit)]
    [InlineData(Protection.Write, RequestWrite, Errno.EFAULT, 0UL)]
    public void An_unreadable_mapping(Protection protection, ulong request, Errno error, ulong bits)
    {
        _m.MapAt(Base, 1, protection);
        Expect(request, error, bits);
    }

    [Theory]
    [InlineData(0UL, Errno.None, ErrorBit)]
    [InlineData(Request, Errno.EFAULT, 0UL)]
    public void A_special_mapping(ulong request, Errno error, ulong bits)
    {
        _m.Mm.MapSpecial(Base, new FrameNumber(100), Size, Protection.ReadWrite, MapPlacement.Fixed, out _);
        _m.Thread.Store(Base, 1);
        Expect(request, error, bits);
    }

    [Fact]
    public void No_page_not_wanted()
    {
        _m.MapAt(Base, 1);
        Expect(0, Errno.None, 0);
        Assert.True(_m.Mm.PageTable.Read(Base).IsNone);
    }

    [Fact]
    public void No_page_wanted_for_reading_becomes_the_zero_page()
    {
        _m.MapAt(Base, 1);
        Expect(Request, Errno.None, ValidBit | _m.Frames.ZeroFrame.Value);
        Assert.Equal(0, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void No_page_wanted_for_writing_becomes_a_page()
    {
        _m.MapAt(Base, 1);
        HmmPfn pfn = Fault(RequestWrite, Errno.None);
        Assert.Equal(ValidBit | WriteBit | _m.Mm.PageTable.Read(Base).Frame.Value, pfn.Bits);
        Assert.Equal(1, _m.Frames.AllocatedFrames);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(1UL)]
    [InlineData(2UL)]
    public void Wanted_for_writing_in_a_read_only_mapping_is_EPERM_whatever_the_page(ulong state)
    {
        _m.MapAt(Base, 1, state == 2 ? Protection.ReadWrite : Protection.Read);
        if (state == 1)
        {
            _m.Thread.Load<int>(Base);
        }
        else if (state == 2)
        {
            _m.Thread.Store(Base, 1);
            _m.Protect(Base, 1, Protection.Read);
        }

        Expect(RequestWrite, Errno.EPERM, 0);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(Request)]
    [InlineData(RequestWrite)]
    public void A_writable_page(ulong request)
    {
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 1);
        Expect(request, Errno.None, ValidBit | WriteBit | _m.Mm.PageTable.Read(Base).Frame.Value);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(Request)]
    public void A_read_only_page(ulong request)
    {
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 1);
        _m.Protect(Base, 1, Protection.Read);
        Expect(request, Errno.None, ValidBit | _m.Mm.PageTable.Read(Base).Frame.Value);
    }

    [Fact]
    public void A_read_only_page_wanted_for_writing_is_made_writable()
    {
        _m.MapAt(Base, 1);
        _m.Thread.Store(Base, 1);
        _m.Protect(Base, 1, Protection.Read);
        _m.Protect(Base, 1, Protection.ReadWrite);
        Expect(0, Errno.None, ValidBit | _m.Mm.PageTable.Read(Base).Frame.Value);
        Expect(RequestWrite, Errno.None, ValidBit | WriteBit | _m.Mm.PageTable.Read(Base).Frame.Value);
    }

    [Theory]
    [InlineData(0UL)]
    [InlineData(Request)]
    public void The_zero_page_is_a_read_only_page(ulong request)
    {
        _m.MapAt(Base, 1);
        _m.Thread.Load<int>(Base);
        Expect(request, Errno.None, ValidBit | _m.Frames.ZeroFrame.Value);
    }

    [Fact]
    public void The_zero_page_wanted_for_writing_is_broken_which_invalidates_so_that_the_caller_begins_again()
    {
        _m.MapAt(Base, 1);
        _m.Thread.Load<int>(Base);
        Fault(RequestWrite, Errno.EBUSY);
        Expect(RequestWrite, Errno.None, ValidBit | WriteBit | _m.Mm.PageTable.Read(Base).Frame.Value);
    }

    [Fact]
    public void However_many_zero_pages_are_broken_the_caller_begins_again_once()
    {
        const ulong Start = 0x200000 - (3 * Size);
        _m.MapAt(Start, 6);
        _m.Mm.Notifiers.Remove(_notifier);
        _m.Mm.Notifiers.Insert(_notifier, AddressRange.FromLength(Start, 6 * Size));
        for (ulong i = 0; i < 6; i++)
        {
            _m.Thread.Load<int>(Start + (i * Size));
        }

        HmmPfn[] pfns = new HmmPfn[6];
        Assert.Equal(Errno.EBUSY, Fault(pfns, new HmmPfn(RequestWrite), default, Start));
        Assert.Equal(6, _m.Frames.AllocatedFrames);
        Assert.Equal(Errno.None, Fault(pfns, new HmmPfn(RequestWrite), default, Start));
        Assert.All(pfns, pfn => Assert.True(pfn.IsWritable));
        Assert.Equal(6, pfns.Select(pfn => pfn.Frame).Distinct().Count());
    }

    [Fact]
    public void Out_of_memory_is_EFAULT()
    {
        _m.MapAt(Base + Size, 64);
        for (ulong i = 1; i <= 64; i++)
        {
            _m.Thread.Store(Base + (i * Size), 1);
        }

        _m.MapAt(Base, 1);
        Expect(RequestWrite, Errno.EFAULT, 0);
    }

    [Fact]
    public void Sticky_bits_pass_through_every_answer()
    {
        _m.MapAt(Base, 1);
        _m.MapAt(Base + Size, 1, Protection.None);
        Span<HmmPfn> pfns = [new(Sticky | 5), new(Sticky), new(Sticky | WriteBit)];
        Assert.Equal(Errno.None, Fault(pfns, default, default));
        Assert.Equal([Sticky, Sticky | ErrorBit, Sticky | ErrorBit], Bits(pfns));
        Assert.Equal(Errno.None, Fault(pfns[..1], HmmPfn.RequestFault, default));
        Assert.Equal(Sticky | ValidBit | _m.Frames.ZeroFrame.Value, pfns[0].Bits);
    }

    [Fact]
    public void A_request_is_the_word_under_the_mask_with_the_default_flags()
    {
        _m.MapAt(Base, 4);
        HmmPfn[] requests = [new(Request), default, new(RequestWrite), default];
        HmmPfn[] pfns = [.. requests];
        Assert.Equal(Errno.None, Fault(pfns, default, default));
        Assert.Equal([0, 0, 0, 0], Bits(pfns));

        pfns = [.. requests];
        Assert.Equal(Errno.None, Fault(pfns, default, new HmmPfn(RequestWrite)));
        ulong zero = ValidBit | _m.Frames.ZeroFrame.Value;
        Assert.Equal([zero, 0, ValidBit | WriteBit | _m.Mm.PageTable.Read(Base + (2 * Size)).Frame.Value, 0], Bits(pfns));
        Assert.Equal(1, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void A_neighbour_wanted_for_reading_is_not_faulted_for_writing()
    {
        _m.MapAt(Base, 3);
        HmmPfn[] pfns = [new(RequestWrite), new(Request), new(Request)];
        Assert.Equal(Errno.None, Fault(pfns, default, new HmmPfn(RequestWrite)));
        Assert.Equal([true, false, false], pfns.Select(p => p.IsWritable));
        Assert.Equal(1, _m.Frames.AllocatedFrames);
    }

    [Fact]
    public void The_first_page_that_cannot_be_had_decides_and_pages_behind_it_stay_requests()
    {
        _m.MapAt(Base, 1);
        _m.MapAt(Base + Size, 1, Protection.Read);
        HmmPfn[] pfns = [new(RequestWrite), new(RequestWrite), new(RequestWrite)];
        Assert.Equal(Errno.EPERM, Fault(pfns, default, new HmmPfn(RequestWrite)));
        Assert.True(pfns[0].IsValid && pfns[0].IsWritable);
        Assert.Equal([RequestWrite, RequestWrite], Bits(pfns.AsSpan(1)));

        _m.Unmap(Base + Size, 1);
        Assert.Equal(Errno.EFAULT, Fault(pfns, new HmmPfn(RequestWrite), default));
    }

    [Fact]
    public void Holes_and_mappings_are_told_apart_page_by_page_across_tables()
    {
        const ulong Start = 0x200000 - (2 * Size);
        _m.MapAt(Start, 1);
        _m.MapAt(Start + (2 * Size), 1);
        _m.Thread.Store(Start + (2 * Size), 1);
        HmmPfn[] pfns = new HmmPfn[4];
        Assert.Equal(Errno.None, Fault(pfns, default, default, Start));
        Assert.Equal([0, ErrorBit, ValidBit | WriteBit | _m.Mm.PageTable.Read(Start + (2 * Size)).Frame.Value, ErrorBit], Bits(pfns));
    }

    [Fact]
    public void A_sequence_that_is_out_of_date_is_EBUSY_at_once_and_nothing_is_touched()
    {
        _m.MapAt(Base, 1);
        Assert.True(_notifier.TryReadBegin(Clock.Monotonic.After(Deadline.Default), out long sequence));
        _m.MapAt(Base, 1);
        HmmPfn[] pfns = [new(Request)];
        using (_m.Mm.MmapLock.EnterShared())
        {
            var range = new HmmRange
            {
                Notifier = _notifier,
                Sequence = sequence,
                Range = AddressRange.FromLength(Base, Size),
                Pfns = pfns,
                DefaultFlags = HmmPfn.RequestFault,
            };
            Assert.Equal(Errno.EBUSY, HmmRangeFault.Fault(_m.Mm, ref range));
        }

        Assert.Equal(Request, pfns[0].Bits);
        Assert.True(_m.Mm.PageTable.Read(Base).IsNone);
    }

    [Fact]
    public void The_mmap_lock_must_be_held_and_the_words_must_match()
    {
        _m.MapAt(Base, 1);
        Assert.Throws<InvariantException>(() =>
        {
            HmmRange range = RangeOf(new HmmPfn[1], Base, Size);
            HmmRangeFault.Fault(_m.Mm, ref range);
        });
        Assert.Throws<ArgumentException>(() =>
        {
            HmmRange range = RangeOf(new HmmPfn[1], Base, 2 * Size);
            HmmRangeFault.Fault(_m.Mm, ref range);
        });
        Assert.Throws<ArgumentException>(() =>
        {
            HmmRange range = RangeOf(new HmmPfn[1], Base + 8, Size);
            HmmRangeFault.Fault(_m.Mm, ref range);
        });
    }

    private static ulong[] Bits(ReadOnlySpan<HmmPfn> pfns)
    {
        ulong[] bits = new ulong[pfns.Length];
        for (int i = 0; i < bits.Length; i++)
        {
            bits[i] = pfns[i].Bits;
        }

        return bits;
    }

    private HmmRange RangeOf(HmmPfn[] pfns, ulong start, ulong length) => new()
    {
        Notifier = _notifier,
        Sequence = _notifier.Sequence,
        Range = AddressRange.FromLength(start, length),
        Pfns = pfns,
    };

    private void Expect(ulong request, Errno error, ulong bits) =>
        Assert.Equal(error == Errno.None ? bits : request, Fault(request, error).Bits);

    /// <summary>Asks for the one page at the base by its own word.</summary>
    private HmmPfn Fault(ulong request, Errno error)
    {
        HmmPfn[] pfns = [new(request)];
        Assert.Equal(error, Fault(pfns, default, new HmmPfn(RequestWrite)));
        return pfns[0];
    }

    private Errno Fault(Span<HmmPfn> pfns, HmmPfn defaults, HmmPfn mask, ulong start = Base)
    {
        Assert.True(_notifier.TryReadBegin(Clock.Monotonic.After(Deadline.Default), out long sequence));
        using (_m.Mm.MmapLock.EnterShared())
        {
            var range = new HmmRange
            {
                Notifier = _notifier,
                Sequence = sequence,
                Range = AddressRange.FromLength(start, (ulong)pfns.Length * Size),
                Pfns = pfns,
                DefaultFlags = defaults,
                FlagsMask = mask,
            };
            return HmmRangeFault.Fault(_m.Mm, ref range);
        }
    }
}
