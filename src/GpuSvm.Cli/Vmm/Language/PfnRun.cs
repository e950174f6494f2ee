using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Language;

/// <summary>A run of pfn entries: <c>count*value</c>, or <c>count*value+step</c>.</summary>
/// <param name="Count">Number of entries.</param>
/// <param name="Value">The first entry.</param>
/// <param name="Step">What each is larger by than the one before it; sums wrap at 64 bits.</param>
internal readonly record struct PfnRun(ulong Count, ulong Value, ulong Step)
{
    /// <summary>Reads a run.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out PfnRun run)
    {
        run = default;
        int star = text.IndexOf('*');
        if (star < 0 || !WordReader.TryParse(text[..star], out ulong count))
        {
            return false;
        }

        ReadOnlySpan<char> value = text[(star + 1)..];
        int plus = value.IndexOf('+');
        ulong step = 0;
        if ((plus >= 0 && !WordReader.TryParse(value[(plus + 1)..], out step)) ||
            !WordReader.TryParse(plus >= 0 ? value[..plus] : value, out ulong first))
        {
            return false;
        }

        run = new PfnRun(count, first, step);
        return true;
    }

    /// <summary>Writes the entries to the first <see cref="Count"/> places.</summary>
    /// <returns>The places after them.</returns>
    public Span<PfnEntry> Fill(Span<PfnEntry> places)
    {
        int count = (int)Count;
        ulong value = Value;
        foreach (ref PfnEntry place in places[..count])
        {
            place = new PfnEntry(value);
            unchecked
            {
                value += Step;
            }
        }

        return places[count..];
    }
}
