namespace GpuSvm.Driver;

/// <content>What programs say of their memory.</content>
public sealed partial class SvmDriver
{
    /// <summary>Says of a range where it shall live. It holds at the GPU's next touch; nothing moves before.</summary>
    /// <param name="client">Whose memory.</param>
    /// <param name="range">Page-aligned, not empty, all of it mapped and mirrored.</param>
    /// <param name="advice">What holds there from now on; <see cref="MemoryAdvice.None"/> takes back what was said.</param>
    /// <returns>
    /// <see cref="Errno.EINVAL"/> for a range that is empty, not made of whole pages, or not mirrored, for an advice that is none, and for a
    /// client that has ended; <see cref="Errno.ENOMEM"/> where not all is mapped, and when there are too many ranges. Then nothing has changed.
    /// </returns>
    /// <remarks>
    /// The GPU's entries are dropped where the advice has changed, and nowhere else. Locking: no lock held on entry; takes the SVM lock and
    /// the mmap lock shared.
    /// Source: Linux xe_vm_madvise.c, which drops them at change, too.
    /// </remarks>
    public Errno TryAdvise(SvmClient client, AddressRange range, MemoryAdvice advice)
    {
        ArgumentNullException.ThrowIfNull(client);
        if (range.IsEmpty || !range.IsPageAligned || advice > MemoryAdvice.RemoteMap)
        {
            return Errno.EINVAL;
        }

        using (_svmLock.EnterShared())
        {
            return client.IsDisposed || !client.Mirror.Mirrors(range) ? Errno.EINVAL : client.Advice.TryAdvise(range, advice);
        }
    }

    /// <summary>What was said of a range.</summary>
    /// <param name="client">Whose memory.</param>
    /// <param name="range">Page-aligned.</param>
    /// <returns>Runs in order that cover the range, as long as they can be; nothing for an empty range.</returns>
    /// <exception cref="ArgumentException">The range is not made of whole pages.</exception>
    /// <remarks>Locking: none; may be over at once.</remarks>
    public IReadOnlyList<AdviceRun> GetAdvice(SvmClient client, AddressRange range)
    {
        ArgumentNullException.ThrowIfNull(client);
        return range.IsPageAligned
            ? client.Advice.In(range)
            : throw new ArgumentException($"{range} is not made of whole pages.", nameof(range));
    }
}
