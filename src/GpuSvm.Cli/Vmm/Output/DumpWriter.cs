using System.Globalization;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Prints the whole state of an address space, in lines that can be compared.</summary>
internal sealed class DumpWriter : IAddressSpaceVisitor
{
    private readonly PointerDisplay _pointers;
    private readonly TextWriter _lines;

    // Runs that differ in pointers only are one run without them: printed when the next one does not join.
    private DirectoryRun _pending;

    private DumpWriter(PointerDisplay pointers, TextWriter lines)
    {
        _pointers = pointers;
        _lines = lines;
    }

    /// <summary>Prints a machine's address space.</summary>
    /// <param name="space">The address space.</param>
    /// <param name="machine">What counts for it.</param>
    /// <param name="pointers">How entries show where tables lie.</param>
    /// <param name="lines">Where it is printed.</param>
    public static void Write(GpuAddressSpace space, ScriptMachine machine, PointerDisplay pointers, TextWriter lines)
    {
        WriteState(space, pointers, lines).WriteCounts(machine);
    }

    /// <summary>Prints an address space, without the counts of what it took to get there.</summary>
    /// <param name="space">The address space.</param>
    /// <param name="pointers">How entries show where tables lie.</param>
    /// <param name="lines">Where it is printed.</param>
    public static DumpWriter WriteState(GpuAddressSpace space, PointerDisplay pointers, TextWriter lines)
    {
        var writer = new DumpWriter(pointers, lines);
        writer.Line($"vmm 0x{space.Bounds.Start.Value:x13} 0x{space.Bounds.End.Value:x13} refs={space.References}");
        space.Dump(writer);
        writer.WritePending();
        return writer;
    }

    /// <inheritdoc/>
    public void VisitArea(in GpuAreaInfo area)
    {
        GpuAreaFlags flags = area.Flags;
        char used = Has(flags, GpuAreaFlags.Used) ? 'U' : 'F';
        char mapReferences = Has(flags, GpuAreaFlags.MapReferences) ? 'R' : '-';
        char sparse = Has(flags, GpuAreaFlags.Sparse) ? 'S' : '-';
        char part = Has(flags, GpuAreaFlags.Part) ? 'P' : '-';
        char busy = Has(flags, GpuAreaFlags.Busy) ? 'B' : '-';
        char mapped = Has(flags, GpuAreaFlags.Mapped) ? 'M' : '-';
        string page = Index(area.Page);
        string referenced = Index(area.Referenced);
        object memory = area.Memory?.Owner ?? "-";
        string state = $"{used}{mapReferences}{sparse}{part}{busy}{mapped}";
        Line($"vma 0x{area.Start:x13} 0x{area.Size:x13} {state} page={page} refd={referenced} mem={memory}");
    }

    /// <inheritdoc/>
    public void VisitDirectory(int level, VirtualAddress address, int count, ulong low, ulong high)
    {
        var run = new DirectoryRun(level, address.Value, count, low, high);
        if (_pointers == PointerDisplay.Zero)
        {
            run = run.WithoutPointers();
        }

        if (_pending.Count == 0 || !_pending.TryJoin(run, out DirectoryRun joined))
        {
            WritePending();
            joined = run;
        }

        _pending = joined;
    }

    /// <inheritdoc/>
    public void VisitPages(PageTableSize table, VirtualAddress address, int count, ulong word)
    {
        WritePending();
        char size = table == PageTableSize.Large ? 'L' : 'S';
        Line($"pte {size} 0x{address.Value:x13} {count} 0x{word:x16}");
    }

    private static bool Has(GpuAreaFlags flags, GpuAreaFlags one) => (flags & one) != 0;

    private static string Index(int type) => type < 0 ? "-" : type.ToString(CultureInfo.InvariantCulture);

    private void WritePending()
    {
        DirectoryRun run = _pending;
        _pending = default;
        if (run.Count == 0)
        {
            return;
        }

        string high = run.IsDual ? $" 0x{run.High:x16}" : "";
        Line($"pde {run.Level} 0x{run.Address:x13} {run.Count} 0x{run.Low:x16}{high}");
    }

    private void WriteCounts(ScriptMachine machine)
    {
        (ScriptTables tables, ScriptDma dma) = (machine.Tables, machine.Dma);
        string flushes = string.Join(',', machine.Tlb.Flushes);
        string used = $"ptalloc={tables.Allocations} ptfree={tables.Frees} ptlive={tables.Live}";
        Line($"cnt {used} flush={flushes} dmamap={dma.Maps} dmaunmap={dma.Unmaps} mem={machine.Objects.CountLive()}");
    }

    private void Line(FormattableString line)
    {
        _lines.Write(line.ToString(CultureInfo.InvariantCulture));
        _lines.Write('\n');
    }
}
