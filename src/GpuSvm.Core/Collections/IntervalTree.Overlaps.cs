namespace GpuSvm.Core;

/// <content>The iteration over overlapping intervals.</content>
public sealed partial class IntervalTree<T>
{
    /// <summary>Values of intervals in order of start, for <c>foreach</c>; <c>default</c> is empty.</summary>
    public readonly struct OverlapEnumerable
    {
        private readonly IntervalTree<T>? _tree;
        private readonly ulong _from;
        private readonly ulong _last;

        internal OverlapEnumerable(IntervalTree<T> tree, ulong from, ulong last)
        {
            _tree = tree;
            _from = from;
            _last = last;
        }

        /// <summary>Starts the iteration.</summary>
        public OverlapEnumerator GetEnumerator() => new(_tree, _from, _last);
    }

    /// <summary>The iteration over an <see cref="OverlapEnumerable"/>.</summary>
    public struct OverlapEnumerator
    {
        private readonly IntervalTree<T>? _tree;
        private readonly ulong _from;
        private readonly ulong _last;
        private readonly int _changes;
        private int _leaf;

        /// <summary>The intervals of the leaf that are still to come: those that end above <see cref="_from"/>.</summary>
        private uint _coming;

        internal OverlapEnumerator(IntervalTree<T>? tree, ulong from, ulong last)
        {
            _tree = tree;
            _from = from;
            _last = last;
            if (tree is not null)
            {
                _changes = tree._changes;
                EnterLeaf(NodeOf(tree.FirstBelow(tree._root, from)));
            }
        }

        /// <summary>The value that the last <see cref="MoveNext"/> reached.</summary>
        public T Current { get; private set; } = null!;

        /// <summary>Goes on to the next value; false behind the last one.</summary>
        public bool MoveNext()
        {
            if (_leaf == None)
            {
                return false;
            }

            Checks.That(_changes == _tree!._changes, "An interval tree does not change while it is iterated.");
            if (_coming == 0)
            {
                EnterLeaf(_tree.LeafBehind(_leaf, _from));
            }

            int place = PlaceIn(_leaf, _coming);
            if (_leaf == None || _tree._starts[place] > _last)
            {
                _leaf = None;
                return false;
            }

            _coming &= _coming - 1;
            Current = _tree._values[place].Value!;
            return true;
        }

        private void EnterLeaf(int leaf)
        {
            _leaf = leaf;
            _coming = _tree!.EndsAbove(leaf, _from);
        }
    }
}
