using System.Numerics;

namespace GpuSvm.Core;

/// <content>The search.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>The place of the first interval that ends above <paramref name="from"/>, if it starts up to <paramref name="last"/>.</summary>
    private int First(ulong from, ulong last)
    {
        int place = FirstBelow(_root, from);
        return _starts[place] <= last ? place : None;
    }

    /// <summary>The place of the first interval below a node that ends above <paramref name="from"/>.</summary>
    private int FirstBelow(int node, ulong from)
    {
        uint above = EndsAbove(node, from);
        if (above == 0)
        {
            return None;
        }

        // From here on there is one: highest ends are exact.
        int[] links = _links;
        int place = PlaceIn(node, above);
        for (int level = _heads[node].Level; level > 0; level--)
        {
            node = links[place];
            place = PlaceIn(node, EndsAbove(node, from));
        }

        return place;
    }

    /// <summary>The first leaf behind <paramref name="leaf"/> that holds an interval which ends above <paramref name="from"/>.</summary>
    private int LeafBehind(int leaf, ulong from)
    {
        for (int node = leaf; node != _root && node != None;)
        {
            int parent = _heads[node].Parent;
            uint behind = ~1U << (PlaceOf(node, parent) - FirstPlace(parent));
            uint above = EndsAbove(parent, from) & behind;
            if (above != 0)
            {
                return NodeOf(FirstBelow(_links[PlaceIn(parent, above)], from));
            }

            node = parent;
        }

        return None;
    }

    /// <summary>The places of a node whose end (in an inner node: the highest end below them) lies above an address: bit i for place i.</summary>
    private uint EndsAbove(int node, ulong from) => IntervalRow.Above(EndsOf(node), from);

    /// <summary>The place of the lowest bit that is set.</summary>
    private static int PlaceIn(int node, uint places) => FirstPlace(node) | BitOperations.TrailingZeroCount(places);

    /// <summary>The place of a child in its parent, or of a slot in its leaf.</summary>
    private int PlaceOf(int link, int node) =>
        FirstPlace(node) + _links.AsSpan(FirstPlace(node), IntervalRow.Width).IndexOf(link);
}
