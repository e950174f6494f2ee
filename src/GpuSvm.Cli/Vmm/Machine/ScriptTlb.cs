using GpuSvm.Mmu;

namespace GpuSvm.Cli.Vmm.Machine;

/// <summary>A device that remembers nothing, and counts what it is told to forget.</summary>
internal sealed class ScriptTlb : ITlbInvalidator
{
    private readonly long[] _flushes = new long[5];

    /// <summary>Flushes by depth since <see cref="ResetCounts"/>.</summary>
    public IReadOnlyList<long> Flushes => _flushes;

    /// <summary>Counts from 0 on again.</summary>
    public void ResetCounts() => Array.Clear(_flushes);

    /// <inheritdoc/>
    public void InvalidateTlb(PageDirectoryBase root, AddressRange range, int depth) => _flushes[depth]++;
}
