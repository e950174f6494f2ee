using System.Globalization;
using GpuSvm.Cli.Vmm.Machine;
using GpuSvm.Cli.Vmm.Output;
using GpuSvm.Mmu;
using GpuSvm.Mmu.Formats.Gp100;

namespace GpuSvm.Cli.Bench.Vmm;

/// <summary>Measures a loop, on a new address space each time.</summary>
/// <param name="loop">The loop.</param>
internal sealed class VmmBenchmark(VmmLoop loop) : Benchmark
{
    private readonly BenchTables _tables = new();
    private readonly ScriptDma _dma = new();
    private readonly ScriptTlb _tlb = new();

    /// <inheritdoc/>
    public override string Name => $"vmm.{loop.Name}";

    /// <inheritdoc/>
    public override string Unit => "ns";

    /// <inheritdoc/>
    /// <remarks>
    /// That of <c>gpusvm vmm run -n</c> for the same operations as a script. The space that is measured keeps free tables, so its counts of
    /// allocations differ; everything else is compared here.
    /// </remarks>
    public override string? Digest
    {
        get
        {
            using var measured = new DigestWriter();
            using (GpuAddressSpace space = Create())
            {
                loop.Run(space, loop.Scale);
                DumpWriter.WriteState(space, PointerDisplay.Zero, measured);
            }

            return DigestOf(loop, loop.Scale, out ulong state) is { } digest && state == measured.Hash
                ? digest
                : throw new SvmException(Errno.EIO, $"{Name} left another state than the same operations as a script.");
        }
    }

    /// <summary>The digest of the state that a loop leaves.</summary>
    /// <param name="loop">The loop.</param>
    /// <param name="scale">How often its body is done.</param>
    /// <param name="state">The hash without the line of counts.</param>
    internal static string DigestOf(VmmLoop loop, int scale, out ulong state)
    {
        var machine = new ScriptMachine();
        machine.Create(GpuAddressSpaceManagement.Unmanaged, 0, 0);
        loop.Run(machine.Space!, scale);
        using var withoutCounts = new DigestWriter();
        DumpWriter.WriteState(machine.Space!, PointerDisplay.Zero, withoutCounts);
        state = withoutCounts.Hash;
        using var digest = new DigestWriter();
        DumpWriter.Write(machine.Space!, machine, PointerDisplay.Zero, digest);
        machine.Teardown();
        return string.Create(CultureInfo.InvariantCulture, $"0x{digest.Hash:x16}");
    }

    /// <inheritdoc/>
    /// <remarks>Of the loop alone, on an address space on which it was done before.</remarks>
    public override long? CountAllocatedBytes()
    {
        using GpuAddressSpace space = Create();
        loop.Run(space, loop.Scale);
        loop.Undo(space);
        loop.Run(space, loop.Scale);
        return loop.AllocatedBytes;
    }

    /// <inheritdoc/>
    public override double RunOnce()
    {
        using GpuAddressSpace space = Create();
        return loop.Run(space, loop.Scale);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
    }

    private GpuAddressSpace Create()
    {
        Errno error = GpuAddressSpace.TryCreate<Gp100Format>(_tables, _dma, _tlb, new GpuAddressSpaceOptions(), out GpuAddressSpace? space);
        return error == Errno.None ? space! : throw new SvmException(error, "An address space for a benchmark could not be made.");
    }
}
