using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <content>Private memory of the app that the GPU shares.</content>
internal sealed partial class EngineSession
{
    private readonly RankedLock _adopting = new(LockRank.Machine);
    private readonly Dictionary<long, List<AdoptedRegion>> _adopted = [];
    private AdoptedPages? _pages;
    private long _lastAdopted;

    /// <summary>Takes the app's ring, by which its pages can be taken from it.</summary>
    /// <exception cref="ArgumentException">What is told of it cannot be.</exception>
    /// <exception cref="SvmException">It may not be fetched.</exception>
    public void Borrow(RingLayout ring)
    {
        using (_adopting.Enter())
        {
            if (_pages is not null)
            {
                // Two threads of the app have come at once; one ring is enough.
                return;
            }

            using SafeFileHandle app = ProcessFile.Open(_app.ProcessId!.Value);
            AppRing fetched = AppRing.Fetch(app, ring);
            try
            {
                _pages = new AdoptedPages(
                    _app.ProcessId.Value, _userfaultfd, _messages, _memory, fetched, OnLost, ((IEventObserver)this).OnFailed);
            }
            catch
            {
                fetched.Dispose();
                throw;
            }

            _app.Cpu!.Pages = _pages;
        }
    }

    /// <summary>Shares private memory of the app, in whole pages, with the GPU.</summary>
    /// <param name="address">The first byte.</param>
    /// <param name="bytes">Number of bytes; at least 1. The pages at both ends are shared as a whole.</param>
    /// <param name="shared">What is shared: the pages that hold the bytes.</param>
    /// <returns>A number by which it is given back.</returns>
    /// <exception cref="SvmException">
    /// EOPNOTSUPP: it is no private anonymous memory, or forks are not told; ENOMEM: no room in the heap's limit; what the kernel refuses
    /// with. Then nothing has changed.
    /// </exception>
    public long Adopt(VirtualAddress address, ulong bytes, out AddressRange shared)
    {
        ArgumentOutOfRangeException.ThrowIfZero(bytes);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes, CpuPageTable.AddressLimit);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(address.Value, CpuPageTable.AddressLimit - bytes);

        // Who unmaps adopted memory leaves its addresses to others before that can be read.
        _app.AwaitChanges(Clock.Monotonic.After(DrainLimit));
        Drain();
        shared = new AddressRange(Page.AlignDown(address), Page.AlignDown(address.Value + bytes + Page.OffsetMask));
        using (_adopting.Enter())
        {
            DemandAdoption();
            var regions = new List<AdoptedRegion>();
            try
            {
                foreach (AddressRange part in _app.Cpu!.Adopted.Outside(shared))
                {
                    Adopt(part, regions);
                }
            }
            catch
            {
                // What cannot come home now stays, as nobody's, until it is adopted again or the session ends.
                regions.ForEach(region => _ = TryGiveBack(region));
                throw;
            }

            AddressRange all = shared;
            regions.AddRange(_app.Cpu.Adopted.Regions.Except(regions).Where(region => Array.Exists(region.Parts, all.Overlaps)).ToArray());
            regions.ForEach(region => region.Users++);
            _adopted.Add(++_lastAdopted, regions);
            return _lastAdopted;
        }
    }

    /// <summary>Finds a kernel by its names.</summary>
    /// <exception cref="ArgumentException">There is none, or its arguments are not told in hexadecimal.</exception>
    public LaunchRequest Find(LaunchNamedRequest named)
    {
        try
        {
            return new LaunchRequest
            {
                Kernel = _kernels.Find(Path.GetFullPath(named.Assembly), named.Type, named.Method),
                Grid = named.Grid,
                Block = named.Block,
                Args = Convert.FromHexString(named.Args),
            };
        }
        catch (FormatException wrong)
        {
            throw new ArgumentException($"The arguments of {named.Method} are not told in hexadecimal: {wrong.Message}", nameof(named), wrong);
        }
    }

    private void DemandAdoption()
    {
        if (_pages is null || _client.Ranges is null || _client.DevicePages is null)
        {
            throw new SvmException(
                Errno.EOPNOTSUPP, $"Memory can be adopted only with the strategy {MirrorStrategy.SizedRanges}, and by who lends a ring.");
        }

        if ((Features & UffdFeatures.EventFork) == 0)
        {
            throw new SvmException(
                Errno.EOPNOTSUPP,
                "Memory can be adopted only where userfaultfd tells of forks (EVENT_FORK, which needs CAP_SYS_PTRACE):" +
                " a child would read zeros where pages are on the GPU.");
        }
    }

    private void Adopt(AddressRange range, List<AdoptedRegion> adopted)
    {
        var parts = new List<(AddressRange Range, Protection Rights)>();
        if (PrivateMappings.Find(_app.ProcessId!.Value, range, parts) is { } reason)
        {
            throw new SvmException(Errno.EOPNOTSUPP, $"Only private anonymous memory can be adopted: {reason}.");
        }

        foreach ((AddressRange part, Protection rights) in parts)
        {
            Errno error = _frames.TryReserve(part.PageCount, MemoryReach.WholePages, out MemoryObject? memory);
            if (error != Errno.None)
            {
                throw new SvmException(error, $"No room for {new ByteSize(part.Length)} in a heap of {new ByteSize(_memory.FrameCount << Page.Shift)}.");
            }

            var region = new AdoptedRegion(part, memory!);
            error = _mm.AdoptObject(part.Start, memory!, rights, present => TakeOver(region, present), () => Leave(region));
            if (error != Errno.None)
            {
                _frames.Release(memory!);
                throw new SvmException(error, $"The memory {part} could not be adopted ({error}).");
            }

            adopted.Add(region);
        }
    }

    /// <summary>From now on the faults of a region are told. Mmap lock held exclusively.</summary>
    private Errno TakeOver(AdoptedRegion region, ICollection<AddressRange> present)
    {
        _app.Cpu!.Adopted.Add(region);
        Errno error = _userfaultfd.RegisterPrivate(region.Range);
        if (error != Errno.None)
        {
            // Not ours to unregister: somebody else may have registered it.
            _app.Cpu.Adopted.Remove(region);
            return error;
        }

        error = _pages!.AddPresent(region.Range, present);
        if (error != Errno.None)
        {
            Leave(region);
        }

        return error;
    }

    /// <summary>Leaves to the kernel what was just taken over. Mmap lock held exclusively, as since then: no fault of it was looked at.</summary>
    private void Leave(AdoptedRegion region)
    {
        _app.Cpu!.Adopted.Remove(region);
        _ = _userfaultfd.Unregister(region.Range);
    }

    private void OnLost(AddressRange range)
    {
        _end();
        _log.Write($"the app mapped other memory at {range} while adopted memory was taken from there; it was killed so that it reads no wrong byte");
    }
}
