namespace GpuSvm.Core;

/// <content>Removal: a node that is less than half full takes from its neighbour, or becomes one with it.</content>
public sealed partial class IntervalTree<T>
{
    private void Unlink(int slot)
    {
        int leaf = _slots[slot].Leaf;
        RemoveAt(leaf, PlaceOf(slot, leaf) - FirstPlace(leaf));
    }

    private void RemoveAt(int node, int at)
    {
        int count = _heads[node].Count - 1;
        Move(node, at + 1, node, at, count - at);
        Put(FirstPlace(node) + count, new Entry(ulong.MaxValue, 0, None));
        _values[FirstPlace(node) + count] = default;
        _heads[node].Count = count;
        if (node == _root)
        {
            LowerRoot();
        }
        else if (count < Fewest)
        {
            Fill(node);
        }
        else
        {
            Refresh(node);
        }
    }

    /// <summary>Puts an only child in the place of the root.</summary>
    private void LowerRoot()
    {
        if (_heads[_root].Level > 0 && _heads[_root].Count == 1)
        {
            int old = _root;
            _root = _links[FirstPlace(old)];
            ReleaseNode(old);
        }
    }

    /// <summary>Makes a node half full at least, with what its neighbour has.</summary>
    private void Fill(int node)
    {
        int parent = _heads[node].Parent;
        int place = PlaceOf(node, parent);
        int first = place == FirstPlace(parent) ? place : place - 1;
        int left = _links[first];
        int right = _links[first + 1];
        if (_heads[left].Count + _heads[right].Count <= IntervalRow.Width)
        {
            Join(left, right);
            Put(first, EntryFor(left));
            RemoveAt(parent, first + 1 - FirstPlace(parent));
        }
        else
        {
            Share(left, right);
            Put(first, EntryFor(left));
            Put(first + 1, EntryFor(right));
            Refresh(parent);
        }
    }

    private void Join(int left, int right)
    {
        int count = _heads[left].Count;
        Move(right, 0, left, count, _heads[right].Count);
        _heads[left].Count = count + _heads[right].Count;
        ReleaseNode(right);
    }

    /// <summary>Gives two neighbours as many entries each.</summary>
    private void Share(int left, int right)
    {
        int onLeft = _heads[left].Count;
        int onRight = _heads[right].Count;
        int given = onLeft - ((onLeft + onRight) / 2);
        if (given > 0)
        {
            Move(right, 0, right, given, onRight);
            Move(left, onLeft - given, right, 0, given);
            Clear(left, onLeft - given);
            _heads[right].Count = onRight + given;
        }
        else
        {
            Move(right, 0, left, onLeft, -given);
            Move(right, -given, right, 0, onRight + given);
            Clear(right, onRight + given);
            _heads[left].Count = onLeft - given;
        }
    }
}
