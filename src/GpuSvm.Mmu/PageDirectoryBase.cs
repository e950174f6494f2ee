using System.Globalization;

namespace GpuSvm.Mmu;

/// <summary>The address of a root page directory in page-table memory: the name by which a GPU knows an address space.</summary>
/// <param name="Address">Byte address, a multiple of 4096.</param>
/// <remarks>Source: NVIDIA dev_ram.h, the PDB of an instance block.</remarks>
public readonly record struct PageDirectoryBase(ulong Address)
{
    /// <summary>The address in hexadecimal with prefix.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"pdb:0x{Address:x}");
}
