using System.Globalization;

namespace GpuSvm.Cli.Tests.Vmm;

/// <summary>Counts, in an output, the pages of the host that are mapped by pfn: as many DMA mappings have to live.</summary>
/// <remarks>
/// The original forgets the DMA mapping of a page that another page replaces, and in some outputs its <c>cnt</c> and <c>unref</c> lines
/// show that. What its dumps show of the address space is right all the same, and says what the balance has to be.
/// </remarks>
internal static class DmaBalance
{
    private const ulong SystemPageBits = 0b101;

    /// <summary>The output with the balances that its own dumps ask for, and none when the address space is gone.</summary>
    public static string[] Corrected(IEnumerable<string> output)
    {
        List<(ulong Start, ulong End)> areas = [];
        long pages = 0;
        List<string> corrected = [];
        foreach (string line in output)
        {
            string[] words = line.Split(' ');
            switch (words[0])
            {
                case "vmm":
                    areas.Clear();
                    pages = 0;
                    break;

                case "vma" when words[3].EndsWith('M') && words[^1] == "mem=-":
                    areas.Add((Hex(words[1]), Hex(words[1]) + Hex(words[2])));
                    break;

                case "pte":
                case "pde" when words[1] == "1":
                    ulong at = Hex(words[2]);
                    bool isHosts = (Hex(words[4]) & SystemPageBits) == SystemPageBits;
                    bool isByPfn = areas.Any(area => at >= area.Start && at < area.End);
                    pages += isHosts && isByPfn ? long.Parse(words[3], CultureInfo.InvariantCulture) : 0;
                    break;
            }

            corrected.Add(words[0] == "cnt" ? WithBalance(words, pages) : line.Contains(" destroyed ") ? WithNone(words) : line);
        }

        return [.. corrected];
    }

    private static string WithBalance(string[] words, long balance) => string.Join(' ', words.Select(word => word.Split('=')[0] switch
    {
        "dmamap" => $"dmamap={balance}",
        "dmaunmap" => "dmaunmap=0",
        _ => word,
    }));

    private static string WithNone(string[] words) => string.Join(' ', words.SkipLast(1)) + " dma=0";

    private static ulong Hex(string word) => ulong.Parse(word.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
}
