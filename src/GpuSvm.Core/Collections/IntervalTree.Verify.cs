namespace GpuSvm.Core;

/// <content>What always holds.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>Stops if the structure is broken: order, levels, fill, parents, slots or what a node knows of its children. O(n); for tests.</summary>
    internal void Verify()
    {
        int count = 0;
        int nodes = 0;
        ulong previous = 0;
        VerifyBelow(_root, ref count, ref nodes, ref previous);
        Ensure(count == Count, "Every interval is reached from the root.");
        for (int node = _freeNode; node != None; node = _heads[node].Parent)
        {
            nodes++;
        }

        Ensure(nodes + 1 == _usedNodes, "Every node is reached from the root or free.");
    }

    private static void Ensure(bool condition, string invariant)
    {
        if (!condition)
        {
            Checks.Fail(invariant);
        }
    }

    private void VerifyBelow(int node, ref int count, ref int nodes, ref ulong previous)
    {
        Head head = _heads[node];
        nodes++;
        int fewest = node != _root ? Fewest : head.Level > 0 ? 2 : 0;
        Ensure(head.Count >= fewest && head.Count <= IntervalRow.Width, "A node is at least half full, the root has two children.");
        for (int at = 0; at < IntervalRow.Width; at++)
        {
            int place = FirstPlace(node) + at;
            if (at >= head.Count)
            {
                Ensure(
                    (_starts[place], _ends[place], _links[place], _values[place].Value) == (ulong.MaxValue, 0, None, null),
                    "A free place is no interval.");
                continue;
            }

            Ensure(_starts[place] >= previous, "Starts rise.");
            Ensure((head.Level == 0) == (_values[place].Value is not null), "Values stand in the leaves.");
            int link = _links[place];
            if (head.Level == 0)
            {
                Ensure(_slots[link].Leaf == node, "A slot knows its leaf.");
                previous = _starts[place];
                count++;
                continue;
            }

            Ensure(_heads[link].Parent == node && _heads[link].Level == head.Level - 1, "A child knows its parent, one level above.");
            Ensure(EntryFor(link) == new Entry(_starts[place], _ends[place], link), "A node knows lowest start and highest end below it.");
            VerifyBelow(link, ref count, ref nodes, ref previous);
        }
    }
}
