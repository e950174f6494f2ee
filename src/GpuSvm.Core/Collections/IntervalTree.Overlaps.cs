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
        private int _current;
        private int _next;

        internal OverlapEnumerator(IntervalTree<T>? tree, ulong from, ulong last)
        {
            _tree = tree;
            _from = from;
            _last = last;
            if (tree is not null)
            {
                _changes = tree._changes;
                _next = tree.First(tree._root, from, last);
            }
        }

        /// <summary>The value that the last <see cref="MoveNext"/> reached.</summary>
        public readonly T Current => _tree!._slots[_current].Value!;

        /// <summary>Goes on to the next value; false behind the last one.</summary>
        public bool MoveNext()
        {
            if (_next == None)
            {
                return false;
            }

            Checks.That(_changes == _tree!._changes, "An interval tree does not change while it is iterated.");
            _current = _next;
            _next = _tree.Next(_current, _from, _last);
            return true;
        }
    }
}
