namespace GpuSvm.Live;

/// <content>Private anonymous memory: a missing page is given as a copy, not shown where it is.</content>
internal sealed unsafe partial class Userfaultfd
{
    private const ulong PrivateModes = 3; // missing, write-protect

    /// <summary>From now on each fault of the range is a message: missing and write-protect.</summary>
    /// <returns>EINVAL where it is no anonymous memory; EBUSY where somebody else has registered it. Then nothing is registered.</returns>
    internal Errno RegisterPrivate(AddressRange range)
    {
        var call = new UffdRange { Start = range.Start, Length = range.Length, Mode = PrivateModes };
        Errno error = Call(UffdCalls.Register, &call);
        bool isShort = (unchecked((ulong)call.Result) & UffdCalls.NeededOfPrivate) != UffdCalls.NeededOfPrivate;
        error = error == Errno.None && isShort ? Errno.EOPNOTSUPP : error;
        if (error is Errno.EOPNOTSUPP or Errno.ENOMEM)
        {
            // Without memory the kernel stops half-way; that none of the range is somebody else's it has seen by then.
            _ = Unregister(range);
        }

        return error;
    }

    /// <summary>Gives the process pages where it has none, and wakes those who wait for them.</summary>
    /// <param name="range">Whole pages.</param>
    /// <param name="source">As many bytes of this process.</param>
    /// <param name="mode">Whether stores go through.</param>
    /// <param name="doneBytes">Bytes that are there now, from the start of the range on, whatever is answered.</param>
    /// <returns>EEXIST where a page is there; ENOENT where nothing is registered; EAGAIN also when only a part is done.</returns>
    internal Errno Copy(AddressRange range, byte* source, ContinueMode mode, out ulong doneBytes)
    {
        var call = new UffdCopy
        {
            Destination = range.Start,
            Source = source,
            Length = range.Length,
            Mode = mode == ContinueMode.WriteProtected ? UffdCopy.WriteProtected : 0,
        };
        Errno error = Call(UffdCalls.Copy, &call);
        doneBytes = call.Result > 0 ? (ulong)call.Result : 0;
        return error;
    }
}
