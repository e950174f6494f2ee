using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>Waits for the first of several descriptors.</summary>
internal static unsafe class PollSet
{
    /// <summary>The most descriptors that one call takes.</summary>
    internal const int Limit = 16;

    /// <summary>Waits until one of the descriptors can be read, has ended or has failed.</summary>
    /// <param name="descriptors">Up to <see cref="Limit"/>; each stays open meanwhile, whoever disposes it.</param>
    /// <param name="timeout">How long; null for ever.</param>
    /// <param name="readable">On return, for each descriptor, whether it is one of them.</param>
    /// <returns>How many are; 0 when the time has passed.</returns>
    /// <exception cref="SvmException">The system refuses.</exception>
    internal static int Wait(ReadOnlySpan<SafeFileHandle> descriptors, TimeSpan? timeout, Span<bool> readable)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(descriptors.Length, Limit, nameof(descriptors));
        ArgumentOutOfRangeException.ThrowIfLessThan(readable.Length, descriptors.Length, nameof(readable));
        PollEntry* entries = stackalloc PollEntry[Limit];
        int held = 0;
        try
        {
            for (; held < descriptors.Length; held++)
            {
                bool added = false;
                descriptors[held].DangerousAddRef(ref added);

                // SAFETY: held is below Limit; the reference keeps the descriptor open until the end of the call.
                entries[held] = new PollEntry { Descriptor = (int)descriptors[held].DangerousGetHandle(), Events = PollEntry.In };
            }

            int found = Wait(entries, held, timeout);
            for (int i = 0; i < held; i++)
            {
                readable[i] = entries[i].Found != 0;
            }

            return found;
        }
        finally
        {
            while (held > 0)
            {
                descriptors[--held].DangerousRelease();
            }
        }
    }

    private static int Wait(PollEntry* entries, int count, TimeSpan? timeout)
    {
        SchedulePoint.Reach(SchedulePointKind.Wait);
        Deadline deadline = timeout is { } span ? Clock.Monotonic.After(span) : default;
        while (true)
        {
            // Rounded up: down, the last millisecond would be spent spinning.
            int milliseconds = timeout is null ? -1 : (int)Math.Min(int.MaxValue, Math.Ceiling(deadline.Remaining.TotalMilliseconds));

            // SAFETY: the caller's array has room for count entries.
            int found = Libc.Poll(entries, (nuint)count, milliseconds);
            if (found >= 0)
            {
                return found;
            }

            // A signal ends a wait early; the deadline bounds how often it is taken up again.
            Errno error = Libc.LastError;
            if (error != Errno.EINTR)
            {
                throw new SvmException(error, $"poll of {count} descriptors failed.");
            }
        }
    }
}
