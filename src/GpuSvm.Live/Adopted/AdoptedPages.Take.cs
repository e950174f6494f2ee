namespace GpuSvm.Live;

/// <content>Pages are taken from the process, by its ring.</content>
internal sealed partial class AdoptedPages
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(1);

    /// <summary>How often is looked once the bound has passed: this process may have been stopped, too, and the app be about to go on.</summary>
    private const int LateLooks = 5000;

    /// <summary>Takes pages from the process: they are not there any more on return.</summary>
    /// <exception cref="SvmException">The process could not be made to give them within a bound; this was told, and the engine ends.</exception>
    public void Take(AddressRange range)
    {
        using (_lock.Enter())
        {
            Deadline deadline = Clock.Monotonic.After(TakeLimit);
            ulong length;
            for (ulong at = range.Start; at < range.End.Value; at += length)
            {
                length = Math.Min(range.End.Value - at, AppRing.MostBytes);
                ForEachProtected(AddressRange.FromLength(at, length), deadline, part => TakeProtected(part, deadline));
            }
        }
    }

    /// <summary>Takes pages that are protected: again where a mapping was split meanwhile, for then the kernel may leave what lies behind.</summary>
    private void TakeProtected(AddressRange range, Deadline deadline)
    {
        List<AddressRange> left = [range];

        // What stays all the same is no page, but the mark of one that is poisoned.
        for (ulong before = ulong.MaxValue, pages = range.PageCount; pages > 0 && pages < before;)
        {
            left.ForEach(part => Discard(part, deadline));
            List<AddressRange> present = [];
            _ = _scan.AddPresent(range, present);
            left.Clear();
            present.ForEach(run => ForEachProtected(run, deadline, left.Add));
            before = pages;
            pages = (ulong)left.Sum(part => (long)part.PageCount);
        }

        if (Ask(_userfaultfd.Unprotect, range, deadline) != Errno.None && ProcessMaps.IsMapped(_processId, range))
        {
            _onLost(range);
        }
    }

    /// <summary>Has the process's ring discard a range, and reads the messages that it waits for.</summary>
    private void Discard(AddressRange range, Deadline deadline)
    {
        _messages.BeginOwnDiscard(range);
        try
        {
            Errno error = _ring.Submit(range);
            for (int late = 0; error == Errno.None && !_ring.TryReap(out error);)
            {
                AwaitMessage(range, deadline, ref late);
            }

            if (error is not (Errno.None or Errno.EOWNERDEAD or Errno.ESRCH or Errno.ENOMEM))
            {
                throw Failed(error, $"The app's pages {range} could not be taken ({error}).");
            }
        }
        finally
        {
            _messages.EndOwnDiscard(address => ProcessMaps.HasStart(_processId, address));
        }
    }

    /// <summary>Marks pages against writing, and does something with the parts of a range that are still what was adopted.</summary>
    /// <remarks>
    /// Pages that are not there get a mark that looks like a page. What is no longer registered is unmapped, and the event that says so on its
    /// way; the kernel passes over holes, but stops where something else is mapped.
    /// </remarks>
    private void ForEachProtected(AddressRange range, Deadline deadline, Action<AddressRange> act)
    {
        Errno error = Ask(_userfaultfd.WriteProtect, range, deadline);
        if (error == Errno.None)
        {
            act(range);
        }
        else if (error == Errno.ENOENT && range.PageCount > 1)
        {
            VirtualAddress middle = range.Start + (range.PageCount / 2 * Page.Size);
            ForEachProtected(new AddressRange(range.Start, middle), deadline, act);
            ForEachProtected(new AddressRange(middle, range.End), deadline, act);
        }
    }

    private Errno Ask(Func<AddressRange, Errno> call, AddressRange range, Deadline deadline)
    {
        for (int late = 0; ;)
        {
            Errno error = call(range);
            if (error != Errno.EAGAIN)
            {
                return error;
            }

            // The process is inside a call that changes its mappings, and waits for that to be read.
            _messages.Read();
            default(Spin).Once();
            if (deadline.HasPassed)
            {
                AwaitMessage(range, deadline, ref late);
            }
        }
    }

    /// <summary>Reads what the process tells, and waits a moment for that.</summary>
    private void AwaitMessage(AddressRange range, Deadline deadline, ref int late)
    {
        if (deadline.HasPassed && late++ == LateLooks)
        {
            throw Failed(Errno.ETIMEDOUT, $"The app did not give its pages {range} within {TakeLimit.TotalSeconds} s.");
        }

        if (_ring.Wait(_userfaultfd.Descriptor, Look))
        {
            _messages.Read();
        }
    }

    /// <summary>Has the engine end, and the process with it: pages are neither here nor there, and what was asked for may be done later.</summary>
    private SvmException Failed(Errno error, string words)
    {
        var failure = new SvmException(error, words);
        _onFailed(failure);
        return failure;
    }
}
