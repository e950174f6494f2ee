using GpuSvm.Cli.Vmm.Language;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Operations;

/// <summary><c>pfnmap shift address size run…</c>: maps pages by pfn.</summary>
/// <param name="Shift">Binary logarithm of the page size.</param>
/// <param name="Address">Where.</param>
/// <param name="Size">Number of bytes.</param>
/// <param name="Runs">The pages.</param>
internal sealed record PfnMapOperation(int Shift, ulong Address, ulong Size, IReadOnlyList<PfnRun> Runs) : SpaceOperation
{
    // 512 MiB of entries: more is refused as memory that cannot be had.
    private const ulong MostEntries = 1 << 26;

    /// <summary>Parses the arguments.</summary>
    public static PfnMapOperation? Parse(ref WordReader words)
    {
        if (!words.TryNumber(most: 63, out ulong shift) || !words.TryNumber(out ulong address) || !words.TryNumber(out ulong size))
        {
            return null;
        }

        List<PfnRun> runs = [];
        while (words.TryWord(out ReadOnlySpan<char> word))
        {
            if (!PfnRun.TryParse(word, out PfnRun run))
            {
                return null;
            }

            runs.Add(run);
        }

        return new PfnMapOperation((int)shift, address, size, runs);
    }

    /// <inheritdoc/>
    protected override void Run(GpuAddressSpace space, ScriptMachine machine, ScriptOutput output)
    {
        if (!IsCountRight())
        {
            output.Answer(Errno.EINVAL);
            return;
        }

        var pfns = new PfnEntry[Math.Min(Size >> Shift, MostEntries)];
        Errno error = Size == 0 ? Errno.None : Map(space, pfns);

        // What could not be had shows by its valid bit; the call was carried out.
        if (error is Errno.None || (error is Errno.ENOMEM && Size >> Shift <= MostEntries))
        {
            output.Answer(pfns.Length == 0 ? "" : $"v={ValidBits.Describe(pfns)}");
        }
        else
        {
            output.Answer(error);
        }
    }

    private bool IsCountRight()
    {
        ulong left = Size >> Shift;
        foreach (PfnRun run in Runs)
        {
            if (run.Count > left)
            {
                return false;
            }

            left -= run.Count;
        }

        return left == 0;
    }

    private Errno Map(GpuAddressSpace space, PfnEntry[] pfns)
    {
        if ((Size & ((1UL << Shift) - 1)) != 0 || !AddressRange.TryFromLength(Address, Size, out AddressRange range) ||
            range.End > space.Bounds.End)
        {
            return Errno.EINVAL;
        }

        if (Size >> Shift > MostEntries)
        {
            Errno error = space.PfnMap(Shift, new VirtualAddress(Address), []);
            return error == Errno.None ? Errno.ENOMEM : error;
        }

        Span<PfnEntry> places = pfns;
        foreach (PfnRun run in Runs)
        {
            places = run.Fill(places);
        }

        return space.PfnMap(Shift, new VirtualAddress(Address), pfns);
    }
}
