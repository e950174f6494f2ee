using GpuSvm.Svm;
using GpuSvm.Telemetry;

namespace GpuSvm.Live;

/// <content>What the app says of its pages, and asks about them.</content>
internal sealed partial class EngineSession
{
    /// <summary>Most runs of pages in one answer, which must fit a message.</summary>
    private const int MostRuns = 200;

    private readonly PinTable _pins = new();

    /// <summary>Takes note of rights that the app has now.</summary>
    /// <exception cref="SvmException">ENOMEM: not all is mapped, or there are too many mappings.</exception>
    public void Protect(AddressRange range, Protection protection)
    {
        Drain();
        Demand(_mm.Protect(range.Start, range.Length, protection), $"The rights to {range} could not be changed.");
    }

    /// <summary>Takes note of where memory shall live.</summary>
    /// <exception cref="SvmException">As <see cref="SvmDriver.TryAdvise"/> answers.</exception>
    public void Advise(AddressRange range, MemoryAdvice advice)
    {
        Drain();
        Demand(_driver.TryAdvise(_client, range, advice), $"{range} could not be advised.");
    }

    /// <summary>What was said of memory, from its first byte on.</summary>
    public AdviceReply GetAdvice(AddressRange range)
    {
        IReadOnlyList<AdviceRun> runs = _driver.GetAdvice(_client, range);
        return new AdviceReply
        {
            Runs = [.. from run in runs.Take(MostRuns)
                       select new AdviceRunBody { Start = run.Range.Start.Value, End = run.Range.End.Value, Advice = run.Advice }],
            Next = (runs.Count > MostRuns ? runs[MostRuns].Range.Start : range.End).Value,
        };
    }

    /// <summary>Moves pages to the GPU's memory.</summary>
    public MigratedReply Migrate(AddressRange range)
    {
        Drain();
        BindResult result = _driver.Bind(_client, BindRequest.Migrate(range.Start, range.End));
        return new MigratedReply { Pages = result.Pages, Error = result.Error };
    }

    /// <summary>Brings pages home and keeps them there.</summary>
    /// <returns>The number by which they are let go.</returns>
    /// <exception cref="SvmException">A page is not mapped, cannot be had, or is being moved all the time; then nothing is kept.</exception>
    public long Pin(AddressRange range)
    {
        Drain();
        Demand(_mm.TryPin(range, out PagePins? pins), $"{range} could not be pinned.");
        return _pins.Add(pins!);
    }

    /// <summary>Lets pages move again.</summary>
    /// <exception cref="ArgumentException">They do so already.</exception>
    public void Unpin(long pin)
    {
        _pins.Unpin(pin);
        _reaper.Enqueue(_dropUnmapped);
    }

    /// <summary>Where pages are, from the first on.</summary>
    public ResidencyReply Residency(AddressRange range)
    {
        Drain();
        List<PageResidencyRun> runs = [];
        foreach (ResidencyRun part in _mm.Residency(range))
        {
            for (ulong page = part.Range.Start; page < part.Range.End.Value;)
            {
                ulong end = part.FirstFrame is null ? part.Range.End.Value : page + Page.Size;
                PageResidency residency = ResidencyOf(page);
                if (runs.Count > 0 && runs[^1].Residency == residency)
                {
                    runs[^1] = runs[^1] with { Range = new AddressRange(runs[^1].Range.Start, end) };
                }
                else if (runs.Count == MostRuns)
                {
                    return ReplyOf(runs, page);
                }
                else
                {
                    runs.Add(new PageResidencyRun(new AddressRange(page, end), residency));
                }

                page = end;
            }
        }

        return ReplyOf(runs, range.End.Value);
    }

    /// <summary>The ranges of the driver, from an address on.</summary>
    public RangesReply Ranges(VirtualAddress from)
    {
        Drain();
        SvmResidencyRun[] runs = [.. _driver.ResidencyOf(_client).Where(run => run.Pages.Start >= from).Take(MostRuns + 1)];
        return new RangesReply
        {
            Runs = [.. runs.Take(MostRuns).Select(RangeRunBody.Of)],
            Next = runs.Length > MostRuns ? runs[MostRuns].Pages.Start.Value : null,
        };
    }

    /// <summary>What has happened since the last call; nothing in a session that tells no events.</summary>
    public EventsReply DrainEvents()
    {
        var events = new SvmEvent[EventsReply.Most];
        int count = _events?.Drain(events) ?? 0;
        return EventsReply.Of(events.AsSpan(0, count), _events?.Dropped ?? 0);
    }

    private static ResidencyReply ReplyOf(List<PageResidencyRun> runs, ulong next) =>
        new() { Runs = [.. runs.Select(ResidencyRunBody.Of)], Next = next };

    private PageResidency ResidencyOf(ulong page)
    {
        CpuPte pte = _mm.PageTable.Read(page);
        Protection gpu =
            _client.Mirror.Grants(page, TranslationRights.Write) ? Protection.ReadWrite :
            _client.Mirror.Grants(page, TranslationRights.Read) ? Protection.Read : Protection.None;
        PagePlacement placement =
            !pte.NamesFrame ? PagePlacement.Nowhere :
            _frames.IsDevicePrivate(pte.Frame) ? PagePlacement.DeviceMemory : PagePlacement.SystemMemory;
        return new PageResidency(placement, pte.Rights, gpu);
    }

    private static void Demand(Errno error, string otherwise)
    {
        if (error != Errno.None)
        {
            throw new SvmException(error, otherwise);
        }
    }
}
