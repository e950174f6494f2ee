namespace GpuSvm.Live;

/// <content>Giving a process its memory back.</content>
internal sealed partial class LiveProcess
{
    private const int PassesOverMappings = 100;

    /// <summary>Makes the process's buffers plain memory; who waits for a page goes on. Nobody serves its faults any more.</summary>
    /// <exception cref="SvmException">A page is not at home, or the process changes its mappings all the time.</exception>
    public void Release()
    {
        foreach (ResidencyRun run in Mm.Vmas().SelectMany(vma => Mm.Residency(vma.Range)))
        {
            if (run.Device is not null || run.Location == PageLocation.Moving)
            {
                throw new SvmException(Errno.EBUSY, $"The pages {run.Range} could not be brought home.");
            }
        }

        for (int pass = 0; pass < PassesOverMappings; pass++)
        {
            bool all = true;
            foreach (AddressRange mapping in ProcessMaps.BuffersOf(ProcessId!.Value))
            {
                all &= Userfaultfd.Unregister(mapping) == Errno.None;
            }

            // Who has moved a mapping meanwhile waits until that is read.
            if (!PassOver() && all)
            {
                return;
            }
        }

        throw new SvmException(Errno.EBUSY, "The process changes its mappings too often to be left alone.");
    }

    /// <summary>Reads what the kernel tells, and does nothing about it.</summary>
    /// <returns>False if there was nothing.</returns>
    public bool PassOver()
    {
        Span<UffdMessage> messages = stackalloc UffdMessage[16];
        return Userfaultfd.Read(messages) > 0;
    }
}
