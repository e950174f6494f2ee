namespace GpuSvm.Cli.Runs.Lists;

/// <summary>Changes a list while GPU threads walk it, so that every walk still sees one state that the list had.</summary>
/// <remarks>
/// <para>
/// Two kinds of change. <i>Moves</i>: a node gets a page of its own elsewhere; the list's values and their order stay. <i>Versions</i>:
/// at one place, behind the gate node, a few extra nodes are replaced by others with one pointer. A walk reads that pointer once, and
/// all that it meets before and behind is the same in every version: so it sees exactly the version that it found there.
/// </para>
/// <para>
/// A page that a change took out of the list is unmapped once each thread has finished the walk that it was in at the time: a walk that
/// began before may still be on its way to the page, or stand on it; one that begins later cannot find it, even by way of other nodes
/// that were taken out, since those are unmapped no later. Until then the page waits, and when many wait, so do the changes.
/// </para>
/// </remarks>
internal sealed class ChangesDuringWalks
{
    private const int MostMovers = 64;
    private const int MostExtras = 3;
    private const int MostWaitingPages = 128;

    private readonly RunSession _session;
    private readonly ProcessList _list;
    private readonly SeededRandom _random;
    private readonly List<int> _movers = [];
    private readonly List<ulong> _extras = [];
    private readonly List<ListDigest> _versions = [];
    private readonly Queue<WaitingPage> _waiting = new();
    private readonly ulong _gatePointer;
    private readonly ulong _behindGate;
    private readonly ListDigest _upToGate;
    private readonly ListDigest _afterGate;

    /// <summary>Prepares a list while no walk is under way: the nodes that will move get pages of their own.</summary>
    public ChangesDuringWalks(RunSession session, ProcessList list, SeededRandom random)
    {
        _session = session;
        _list = list;
        _random = random;
        int first = list.First();
        int gate = first;
        for (int i = 0; i < list.Count / 2 && list.NextOf(gate) != ProcessList.None; i++)
        {
            gate = list.NextOf(gate);
        }

        int behind = list.NextOf(gate);
        _gatePointer = list.AddressOf(gate) + ListWalk.NextOffset;
        _behindGate = list.AddressOf(behind);
        _upToGate = list.DigestBetween(first, behind);
        _afterGate = list.DigestFrom(behind);
        _versions.Add(_upToGate.Then(_afterGate));
        for (int i = 0; i < MostMovers; i++)
        {
            int node = random.Next(list.Count);
            if (node != gate && node != behind && !_movers.Contains(node))
            {
                _movers.Add(node);
                list.Relocate(node, session.Map(Page.Size));
            }
        }
    }

    /// <summary>What each version of the list holds, by number.</summary>
    public IReadOnlyList<ListDigest> Versions => _versions;

    /// <summary>Number of changes published.</summary>
    public long Published { get; private set; }

    /// <summary>Number of pages unmapped before the walks had ended.</summary>
    public long Unmapped { get; private set; }

    /// <summary>Changes the list until the launch that walks it has ended; then unmaps what is left.</summary>
    public void RunUntilEnd(Task launch, ListWalkers walkers)
    {
        // At least one: the walks may have ended before this thread ran on.
        var spin = default(Spin);
        do
        {
            UnmapWhatNobodyHolds(walkers);
            if (_waiting.Count >= MostWaitingPages)
            {
                spin.Once();
            }
            else if (_movers.Count > 0 && _random.Next(4) != 0)
            {
                Move(walkers);
            }
            else
            {
                PublishVersion(walkers);
            }
        }
        while (!launch.IsCompleted);

        foreach (WaitingPage page in _waiting)
        {
            _session.Target.Unmap(page.Address, Page.Size);
        }

        _waiting.Clear();
    }

    private void Move(ListWalkers walkers)
    {
        int node = _movers[_random.Next(_movers.Count)];
        ulong old = _list.AddressOf(node);
        _list.Relocate(node, _session.Map(Page.Size));
        Published++;
        Retire(old, walkers);
    }

    /// <summary>Replaces the extra nodes behind the gate by new ones, with one pointer, and counts the version up.</summary>
    private void PublishVersion(ListWalkers walkers)
    {
        ulong[] old = [.. _extras];
        var values = default(ListDigest);
        _extras.Clear();
        ulong[] added = new ulong[_random.Next(MostExtras + 1)];
        for (int i = 0; i < added.Length; i++)
        {
            added[i] = _session.Map(Page.Size);
        }

        for (int i = 0; i < added.Length; i++)
        {
            ulong value = _random.Next(1UL << 32);
            values = values.Add(value);
            _list.WriteNode(added[i], value, i + 1 < added.Length ? added[i + 1] : _behindGate);
        }

        _extras.AddRange(added);
        _versions.Add(_upToGate.Then(values).Then(_afterGate));
        _list.Publish(_gatePointer, added.FirstOrDefault(_behindGate), old.FirstOrDefault(_behindGate));
        _session.Target.Store(_list.Control + ListWalk.VersionOffset, _versions.Count - 1L);
        Published++;
        foreach (ulong page in old)
        {
            Retire(page, walkers);
        }
    }

    private void Retire(ulong page, ListWalkers walkers) => _waiting.Enqueue(new WaitingPage(page, walkers.FinishedWalks()));

    private void UnmapWhatNobodyHolds(ListWalkers walkers)
    {
        if (_waiting.Count == 0)
        {
            return;
        }

        long[] finished = walkers.FinishedWalks();
        while (_waiting.TryPeek(out WaitingPage page) && page.IsOutOfReach(finished))
        {
            _waiting.Dequeue();
            _session.Target.Unmap(page.Address, Page.Size);
            Unmapped++;
            _session.Target.Store(_list.Control + ListWalk.ChangesOffset, Unmapped);
        }
    }

    /// <summary>A page that is no longer part of the list.</summary>
    /// <param name="Address">The page.</param>
    /// <param name="FinishedWalks">For each thread, the walks that it had finished when the page was taken out.</param>
    private readonly record struct WaitingPage(ulong Address, long[] FinishedWalks)
    {
        /// <summary>True if every thread has finished the walk that it was in then.</summary>
        public bool IsOutOfReach(long[] finishedNow)
        {
            for (int thread = 0; thread < finishedNow.Length; thread++)
            {
                if (finishedNow[thread] <= FinishedWalks[thread])
                {
                    return false;
                }
            }

            return true;
        }
    }
}
