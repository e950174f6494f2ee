using System.Globalization;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>How the address space of a sequence is made.</summary>
internal sealed record Shape(GpuAddressSpaceManagement Management, ulong Start, ulong Size, int SpareTables)
{
    private string Word => Management == GpuAddressSpaceManagement.Managed ? "managed" : "unmanaged";

    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"new {Word} 0x{Start:x} 0x{Size:x} # {SpareTables} spare tables");
}
