using System.Runtime.InteropServices;
using GpuSvm.Mmu.Tables;

namespace GpuSvm.Mmu.Spaces;

/// <summary>Compares the books of addresses, the tree of references and the encoded tables of one address space.</summary>
/// <typeparam name="TFormat">The format of the tables.</typeparam>
/// <param name="memory">Where the tables lie.</param>
/// <param name="tree">The tree.</param>
/// <param name="root">The root directory.</param>
internal sealed class SpaceCheck<TFormat>(IPageTableMemory memory, TableTree<TFormat> tree, PageDirectoryBase root)
    where TFormat : struct, IPageTableFormat
{
    private const int MostFindings = 100;
    private readonly Dictionary<TableNode, ExpectedReferences> _expected = [];
    private readonly List<CheckFinding> _findings = [];

    private static int GroupBits => TFormat.LargePageTable.Shift - TFormat.SmallPageTable.Shift;

    /// <summary>What does not agree.</summary>
    public IReadOnlyList<CheckFinding> Findings => _findings;

    /// <summary>Counts references that somebody holds of the entries of a range.</summary>
    public void Expect(in PageSlot slot, ulong start, ulong end)
    {
        for (ulong at = start; at < end;)
        {
            int first = slot.Layout.Index(at);
            int count = slot.CountInTable(first, at, end);
            if (tree.Find(slot, at) is { } node)
            {
                Expect(slot, node, first, count);
            }
            else
            {
                Add("no table", at);
            }

            at += (ulong)count << slot.Shift;
        }
    }

    /// <summary>Looks what the device finds at every address of a range.</summary>
    public void ExpectTranslation(ulong start, ulong end, PageTableEntryKind kind)
    {
        for (ulong at = start; at < end;)
        {
            DecodedEntry entry = new PageTableCursor<TFormat>(memory, root, at).Finish();
            if (entry.Kind != kind)
            {
                Add($"{entry.Kind} instead of {kind}", at);
            }

            ulong size = 1UL << entry.Shift;
            at = (at & ~(size - 1)) + size;
        }
    }

    /// <summary>Compares the references counted with those in the books, and the entries with what the books say they are.</summary>
    public void CompareBooks() => Compare(tree.Root, address: 0, ofItself: 1);

    private void Expect(in PageSlot slot, TableNode node, int first, int count)
    {
        ref ExpectedReferences? references = ref CollectionsMarshal.GetValueRefOrAddDefault(_expected, node, out _);
        references ??= new ExpectedReferences(node.LargeStates.Length);
        if (slot.IsLarge)
        {
            references.Large += count;
            return;
        }

        references.Small += count;
        for (int i = first; node.LargeStates.Length > 0 && i < first + count; i++)
        {
            references.Groups[i >> GroupBits]++;
        }
    }

    private void Compare(TableNode node, ulong address, int ofItself)
    {
        ExpectedReferences references = _expected.GetValueOrDefault(node) ?? new ExpectedReferences(node.LargeStates.Length);
        int tables = ofItself;
        if (node.Children.Length > 0)
        {
            tables += CompareDirectory(node, address);
        }
        else
        {
            CompareGroups(node, address, references);
        }

        if (node.References != references.Small + tables || node.LargeReferences != references.Large)
        {
            Add("references", address);
        }
    }

    /// <returns>Number of tables that the directory's entries name.</returns>
    private int CompareDirectory(TableNode node, ulong address)
    {
        TableLayout layout = TFormat.Directory(node.Depth);
        int tables = 0;
        for (int i = 0; i < layout.EntryCount; i++)
        {
            TableNode? child = node.Children[i];
            ulong at = address + ((ulong)i << layout.Shift);
            ReadOnlySpan<ulong> entry = memory.Words(node.Table, layout.SizeBytes).Slice(i * layout.EntryWords, layout.EntryWords);
            ulong low = node.SparseEntries[i] ? TFormat.SparseDirectory(node.Depth) : 0;
            ulong high = 0;
            if (child is not null)
            {
                tables += (child.Table != 0 ? 1 : 0) + (child.LargeTable != 0 ? 1 : 0);
                TFormat.EncodeDirectory(node.Depth, child.Tables, out low, out high);
                Compare(child, at, ofItself: 0);
            }

            bool isPage = TFormat.DecodeDirectory(node.Depth, entry[0], high: 0).Kind == PageTableEntryKind.Page;
            if (!isPage && (entry[0] != low || (entry.Length == 2 && entry[1] != high)))
            {
                Add("directory entry", at);
            }
        }

        return tables;
    }

    private void CompareGroups(TableNode node, ulong address, ExpectedReferences references)
    {
        TableLayout layout = TFormat.LargePageTable;
        ReadOnlySpan<ulong> words = node.LargeTable == 0 ? [] : memory.Words(node.LargeTable, layout.SizeBytes);
        for (int i = 0; i < node.LargeStates.Length; i++)
        {
            ulong at = address + ((ulong)i << layout.Shift);
            if (node.LargeStates[i].SmallReferences != references.Groups[i])
            {
                Add("small references", at);
            }

            if (words.Length > 0 && !TFormat.IsValidPage(words[i]) &&
                words[i] != TableTree<TFormat>.LargeAtRest(node.LargeStates[i]))
            {
                Add("large entry", at);
            }
        }
    }

    private void Add(string what, ulong address)
    {
        if (_findings.Count < MostFindings)
        {
            _findings.Add(new CheckFinding(what, address));
        }
    }

    private sealed class ExpectedReferences(int groups)
    {
        public int Small { get; set; }

        public int Large { get; set; }

        public int[] Groups { get; } = new int[groups];
    }
}
