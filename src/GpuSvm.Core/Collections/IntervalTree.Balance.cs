using System.Runtime.CompilerServices;

namespace GpuSvm.Core;

/// <content>The links between nodes: insertion, removal and the balance of heights.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>Stops if the structure is broken: order, parents, heights, balance or highest ends. O(n); for tests.</summary>
    internal void Verify()
    {
        Ensure(_nodes[_root].Parent == None, "The root has no parent.");
        int count = 0;
        ulong previous = 0;
        VerifyBelow(_root, ref count, ref previous);
        Ensure(count == Count, "Every interval is reached from the root.");
    }

    private static void Ensure(bool condition, string invariant)
    {
        if (!condition)
        {
            Checks.Fail(invariant);
        }
    }

    private void VerifyBelow(int index, ref int count, ref ulong previous)
    {
        if (index == None)
        {
            return;
        }

        Node node = _nodes[index];
        Pair<int> children = _steps[index].Child;
        VerifyBelow(children[Left], ref count, ref previous);
        Ensure(node.Start >= previous, "Starts rise.");
        previous = node.Start;
        count++;
        VerifyBelow(children[Right], ref count, ref previous);
        for (int side = Left; side <= Right; side++)
        {
            Ensure(children[side] == None || _nodes[children[side]].Parent == index, "A child knows its parent.");
            Ensure(node.MaxBelow[side] == _nodes[children[side]].Max, "A node knows the ends below it.");
        }

        Ensure(node.Height == 1 + Math.Max(_nodes[children[Left]].Height, _nodes[children[Right]].Height), "A node knows its height.");
        Ensure(_steps[index].Reach == Math.Max(node.End, node.MaxBelow[Left]), "A node knows how far it and what lies left of it reach.");
        Ensure(Math.Abs(Excess(index, Left)) <= 1, "Heights of siblings differ by at most one.");
    }

    private void Link(int index)
    {
        ulong start = _nodes[index].Start;
        int parent = None;
        int side = Left;
        for (int child = _root; child != None; child = _steps[child].Child[side])
        {
            parent = child;
            side = start < _nodes[child].Start ? Left : Right;
        }

        if (parent == None)
        {
            _root = index;
        }
        else
        {
            SetChild(parent, side, index);
        }

        Restore(index);
    }

    private void Unlink(int index)
    {
        ref readonly Node node = ref _nodes[index];
        Pair<int> child = _steps[index].Child;
        if (child[Left] == None || child[Right] == None)
        {
            Replace(index, child[child[Left] == None ? Right : Left]);
            Restore(node.Parent);
            return;
        }

        // The next node in order takes the place. Nodes are relinked and never copied: handles name them.
        int successor = child[Right];
        while (_steps[successor].Child[Left] != None)
        {
            successor = _steps[successor].Child[Left];
        }

        int changed = successor;
        if (successor != child[Right])
        {
            changed = _nodes[successor].Parent;
            Replace(successor, _steps[successor].Child[Right]);
            SetChild(successor, Right, child[Right]);
        }

        Replace(index, successor);
        SetChild(successor, Left, child[Left]);
        _nodes[successor].Height = node.Height;
        _nodes[successor].MaxBelow = node.MaxBelow;
        Restore(changed);

        // The first pass may have ended below the successor, whose end is another than that of the node before it.
        Restore(successor);
    }

    /// <summary>Makes heights, ends and balance right from a node upward, up to where nothing changes any more.</summary>
    private void Restore(int index)
    {
        while (index != None)
        {
            int height = _nodes[index].Height;
            Refresh(index);
            index = Rebalance(index);
            int parent = _nodes[index].Parent;
            if (_nodes[index].Height == height && _nodes[index].Max == _nodes[parent].MaxBelow[SideOf(index, parent)])
            {
                return;
            }

            index = parent;
        }
    }

    /// <summary>Rotates if the children's heights differ by two.</summary>
    /// <returns>The node that is now at the top.</returns>
    private int Rebalance(int index)
    {
        int excess = Excess(index, Left);
        if (Math.Abs(excess) < 2)
        {
            return index;
        }

        int high = excess > 0 ? Left : Right;
        int child = _steps[index].Child[high];
        if (Excess(child, high) < 0)
        {
            Rotate(child, Right - high);
        }

        return Rotate(index, high);
    }

    /// <summary>Height of the child on one side less that of the other child.</summary>
    private int Excess(int index, int side) =>
        _nodes[_steps[index].Child[side]].Height - _nodes[_steps[index].Child[Right - side]].Height;

    /// <summary>Lifts the child on one side above its parent.</summary>
    /// <returns>The node that is now at the top.</returns>
    private int Rotate(int index, int side)
    {
        int top = _steps[index].Child[side];
        Replace(index, top);
        SetChild(index, side, _steps[top].Child[Right - side]);
        SetChild(top, Right - side, index);
        Refresh(index);
        Refresh(top);
        return top;
    }

    private void Refresh(int index)
    {
        ref Node node = ref _nodes[index];
        ref Step step = ref _steps[index];
        ref readonly Node left = ref _nodes[step.Child[Left]];
        ref readonly Node right = ref _nodes[step.Child[Right]];
        node.MaxBelow[Left] = left.Max;
        node.MaxBelow[Right] = right.Max;
        node.Height = 1 + Math.Max(left.Height, right.Height);
        step.Reach = Math.Max(node.End, left.Max);
    }

    /// <summary>Puts a node (or none) where another hangs.</summary>
    private void Replace(int old, int index)
    {
        int parent = _nodes[old].Parent;
        if (parent != None)
        {
            SetChild(parent, SideOf(old, parent), index);
            return;
        }

        _root = index;
        SetParent(index, None);
    }

    private int SideOf(int index, int parent) => _steps[parent].Child[Left] == index ? Left : Right;

    private void SetChild(int parent, int side, int index)
    {
        _steps[parent].Child[side] = index;
        SetParent(index, parent);
    }

    private void SetParent(int index, int parent)
    {
        if (index != None)
        {
            _nodes[index].Parent = parent;
        }
    }

    /// <summary>What a search reads of a node: apart, so that four nodes share a cache line.</summary>
    private struct Step
    {
        /// <summary>Highest end of the node and of all below its left child.</summary>
        public ulong Reach;

        public Pair<int> Child;
    }

    private struct Node
    {
        public ulong Start;
        public ulong End;

        /// <summary>Highest end below the child of each side; 0 without one.</summary>
        public Pair<ulong> MaxBelow;

        /// <summary>The parent; in a free node the next free one.</summary>
        public int Parent;
        public int Height;

        public readonly ulong Max => Math.Max(End, Math.Max(MaxBelow[Left], MaxBelow[Right]));
    }

    /// <summary>A value for the left side and one for the right.</summary>
    [InlineArray(2)]
    private struct Pair<TItem>
    {
        private TItem _left;
    }
}
