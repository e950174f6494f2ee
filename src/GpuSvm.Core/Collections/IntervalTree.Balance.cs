namespace GpuSvm.Core;

/// <content>The links between nodes: insertion, removal and the balance of heights.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>Stops if the structure is broken: order, parents, heights, balance or highest ends. O(n); for tests.</summary>
    internal void Verify()
    {
        Ensure(_nodes[_root].Parent == None || _root == None, "The root has no parent.");
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
        VerifyBelow(node.Left, ref count, ref previous);
        Ensure(node.Start >= previous, "Starts rise.");
        previous = node.Start;
        count++;
        VerifyBelow(node.Right, ref count, ref previous);
        Ensure(node.Left == None || _nodes[node.Left].Parent == index, "A left child knows its parent.");
        Ensure(node.Right == None || _nodes[node.Right].Parent == index, "A right child knows its parent.");
        Ensure(node.LeftMax == _nodes[node.Left].Max && node.RightMax == _nodes[node.Right].Max, "A node knows the ends below it.");
        Ensure(node.Height == 1 + Math.Max(_nodes[node.Left].Height, _nodes[node.Right].Height), "A node knows its height.");
        Ensure(Math.Abs(Slope(index)) <= 1, "Heights of siblings differ by at most one.");
    }

    private void Link(int index)
    {
        ulong start = _nodes[index].Start;
        int parent = None;
        int child = _root;
        bool left = false;
        while (child != None)
        {
            parent = child;
            left = start < _nodes[child].Start;
            child = left ? _nodes[child].Left : _nodes[child].Right;
        }

        _nodes[index].Parent = parent;
        if (parent == None)
        {
            _root = index;
        }
        else if (left)
        {
            _nodes[parent].Left = index;
        }
        else
        {
            _nodes[parent].Right = index;
        }

        Restore(index);
    }

    private void Unlink(int index)
    {
        ref readonly Node node = ref _nodes[index];
        if (node.Left == None || node.Right == None)
        {
            Replace(index, node.Left == None ? node.Right : node.Left);
            Restore(node.Parent);
            return;
        }

        // The next node in order takes the place. Nodes are relinked and never copied: handles name them.
        int successor = node.Right;
        while (_nodes[successor].Left != None)
        {
            successor = _nodes[successor].Left;
        }

        int changed = successor;
        if (successor != node.Right)
        {
            changed = _nodes[successor].Parent;
            Replace(successor, _nodes[successor].Right);
            SetRight(successor, node.Right);
        }

        Replace(index, successor);
        SetLeft(successor, node.Left);
        _nodes[successor].Height = node.Height;
        _nodes[successor].LeftMax = node.LeftMax;
        _nodes[successor].RightMax = node.RightMax;
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
            ulong known = _nodes[parent].Left == index ? _nodes[parent].LeftMax : _nodes[parent].RightMax;
            if (_nodes[index].Height == height && _nodes[index].Max == known)
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
        int slope = Slope(index);
        if (slope > 1)
        {
            if (Slope(_nodes[index].Left) < 0)
            {
                RotateLeft(_nodes[index].Left);
            }

            return RotateRight(index);
        }

        if (slope < -1)
        {
            if (Slope(_nodes[index].Right) > 0)
            {
                RotateRight(_nodes[index].Right);
            }

            return RotateLeft(index);
        }

        return index;
    }

    /// <summary>Height of the left child less that of the right one.</summary>
    private int Slope(int index) => _nodes[_nodes[index].Left].Height - _nodes[_nodes[index].Right].Height;

    private int RotateLeft(int index)
    {
        int top = _nodes[index].Right;
        Replace(index, top);
        SetRight(index, _nodes[top].Left);
        SetLeft(top, index);
        Refresh(index);
        Refresh(top);
        return top;
    }

    private int RotateRight(int index)
    {
        int top = _nodes[index].Left;
        Replace(index, top);
        SetLeft(index, _nodes[top].Right);
        SetRight(top, index);
        Refresh(index);
        Refresh(top);
        return top;
    }

    private void Refresh(int index)
    {
        ref Node node = ref _nodes[index];
        ref readonly Node left = ref _nodes[node.Left];
        ref readonly Node right = ref _nodes[node.Right];
        node.LeftMax = left.Max;
        node.RightMax = right.Max;
        node.Height = 1 + Math.Max(left.Height, right.Height);
    }

    /// <summary>Puts a node (or none) where another hangs.</summary>
    private void Replace(int old, int index)
    {
        int parent = _nodes[old].Parent;
        if (parent == None)
        {
            _root = index;
            SetParent(index, None);
        }
        else if (_nodes[parent].Left == old)
        {
            SetLeft(parent, index);
        }
        else
        {
            SetRight(parent, index);
        }
    }

    private void SetLeft(int parent, int index)
    {
        _nodes[parent].Left = index;
        SetParent(index, parent);
    }

    private void SetRight(int parent, int index)
    {
        _nodes[parent].Right = index;
        SetParent(index, parent);
    }

    private void SetParent(int index, int parent)
    {
        if (index != None)
        {
            _nodes[index].Parent = parent;
        }
    }

    private struct Node
    {
        public ulong Start;
        public ulong End;

        /// <summary>Highest end below the left child; 0 without one.</summary>
        public ulong LeftMax;

        /// <summary>Highest end below the right child; 0 without one.</summary>
        public ulong RightMax;

        public int Left;

        /// <summary>The right child; in a free node the next free one.</summary>
        public int Right;

        public int Parent;
        public int Height;

        public readonly ulong Max => Math.Max(End, Math.Max(LeftMax, RightMax));
    }
}
