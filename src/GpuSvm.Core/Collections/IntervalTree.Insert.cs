namespace GpuSvm.Core;

/// <content>Insertion: a full node is split before something is put into it.</content>
public sealed partial class IntervalTree<T>
{
    private void Link(Entry interval, T value)
    {
        int leaf = _root;
        for (int level = _heads[_root].Level; level > 0; level--)
        {
            // The last child that starts no later: so the interval comes behind all that have its start.
            int child = Math.Max(IntervalRow.CountUpTo(StartsOf(leaf), interval.Start) - 1, 0);
            leaf = _links[FirstPlace(leaf) + child];
        }

        int place = InsertAt(leaf, IntervalRow.CountUpTo(StartsOf(leaf), interval.Start), interval);
        _values[place].Value = value;
    }

    /// <summary>Puts an entry before another one (or behind the last) of a node, which is split if it is full.</summary>
    /// <returns>Where it stands.</returns>
    private int InsertAt(int node, int at, Entry entry)
    {
        if (_heads[node].Count == IntervalRow.Width)
        {
            int right = Split(node);
            if (at > Fewest)
            {
                node = right;
                at -= Fewest;
            }
        }

        int count = _heads[node].Count;
        Move(node, at, node, at + 1, count - at);
        Put(FirstPlace(node) + at, entry);
        Adopt(node, entry.Link);
        _heads[node].Count = count + 1;
        Refresh(node);
        return FirstPlace(node) + at;
    }

    /// <summary>Moves the upper half of a full node to a new one behind it.</summary>
    /// <returns>The new node.</returns>
    private int Split(int node)
    {
        if (node == _root)
        {
            _root = AllocateNode(_heads[node].Level + 1);
            Put(FirstPlace(_root), EntryFor(node));
            Adopt(_root, node);
            _heads[_root].Count = 1;
        }

        int right = AllocateNode(_heads[node].Level);
        Move(node, Fewest, right, 0, Fewest);
        Clear(node, Fewest);
        _heads[right].Count = Fewest;

        int parent = _heads[node].Parent;
        int place = PlaceOf(node, parent);
        Put(place, EntryFor(node));
        InsertAt(parent, place - FirstPlace(parent) + 1, EntryFor(right));
        return right;
    }

    /// <summary>Tells the parents what a node holds, up to where nothing changes any more.</summary>
    private void Refresh(int node)
    {
        while (node != _root)
        {
            int parent = _heads[node].Parent;
            int place = PlaceOf(node, parent);
            Entry entry = EntryFor(node);
            if (_starts[place] == entry.Start && _ends[place] == entry.End)
            {
                return;
            }

            Put(place, entry);
            node = parent;
        }
    }
}
