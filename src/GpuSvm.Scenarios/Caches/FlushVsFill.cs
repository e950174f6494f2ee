namespace GpuSvm.Scenarios;

/// <summary>One thread loads through a TLB while another moves the page to a new frame, flushes, and frees the old one.</summary>
public sealed class FlushVsFill : IRaceScenario
{
    private const ulong PageAddress = 0x7000;
    private const long Live = 1;
    private const long Freed = 0;

    /// <inheritdoc/>
    public string Name => "flush-vs-fill";

    /// <inheritdoc/>
    public string Description => "One thread loads through a TLB while another moves the page to a new frame, flushes, and frees the old one.";

    /// <inheritdoc/>
    public void Build(ScheduleRun run)
    {
        var cache = new TranslationCache();
        long[] frames = [Live, Freed];
        ulong entry = 0;
        run.Thread("reader", () =>
        {
            for (int i = 0; i < 2; i++)
            {
                cache.BeginAccess();
                ulong frame = Translate(cache, ref entry);
                SchedulePoint.Reach(SchedulePointKind.Word);
                bool isFreed = frames[frame] == Freed;
                cache.EndAccess();
                if (isFreed)
                {
                    throw new InvariantException("No access reads a frame that was freed after the flush.");
                }
            }
        });
        run.Thread("mover", () =>
        {
            frames[1] = Live;
            SchedulePoint.Reach(SchedulePointKind.Word);
            entry = 1;
            cache.Drop(AddressRange.PageAt(new VirtualAddress(PageAddress)));
            AccessBarrier.Pass();
            cache.WaitForAccessInFlight();
            frames[0] = Freed;
        });
    }

    private static ulong Translate(TranslationCache cache, ref ulong entry)
    {
        if (cache.TryTranslate(PageAddress, TranslationRights.Read, sizeof(long), out ulong frame))
        {
            return frame;
        }

        long sequence = cache.Sequence;
        SchedulePoint.Reach(SchedulePointKind.Word);
        frame = entry;
        cache.Fill(PageAddress, TranslationRights.Read, frame, sequence);
        return frame;
    }
}
