using System.Globalization;
using System.Text;
using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Output;

/// <summary>Tells which entries of a pfn array are valid.</summary>
internal static class ValidBits
{
    /// <summary>Runs of equal valid bits, as <c>count x bit</c>: <c>3x1,2x0</c>; nothing for no entries.</summary>
    public static string Describe(ReadOnlySpan<PfnEntry> pfns)
    {
        StringBuilder text = new();
        while (!pfns.IsEmpty)
        {
            bool isValid = pfns[0].IsValid;
            int length = 1;
            while (length < pfns.Length && pfns[length].IsValid == isValid)
            {
                length++;
            }

            text.Append(text.Length == 0 ? "" : ",").Append(CultureInfo.InvariantCulture, $"{length}x{(isValid ? 1 : 0)}");
            pfns = pfns[length..];
        }

        return text.ToString();
    }
}
