using System.Globalization;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>A memory object and where its bytes lie.</summary>
internal sealed class ModelObject
{
    private readonly MemoryExtent[] _extents;

    private ModelObject(int id, string declaration, GpuMemoryObject memory, MemoryExtent[] extents)
    {
        Id = id;
        Declaration = declaration;
        Memory = memory;
        _extents = extents;
    }

    public int Id { get; }

    /// <summary>In the language of scripts, or a comment where that has no word for it.</summary>
    public string Declaration { get; }

    public GpuMemoryObject Memory { get; }

    /// <summary>Mappings of it.</summary>
    public int Mappings { get; set; }

    public static ModelObject[] MakeAll() =>
    [
        Contiguous(0, "vram", 0x1_0000_0000, 16 << 20, 21),
        Contiguous(1, "vram", 0x2_0001_0000, 4 << 20, 16),
        Contiguous(2, "vram", 0x3_0000_3000, 1 << 20, 12),
        Contiguous(3, "host", 0x4_0000_5000, 1 << 20, 12),
        Contiguous(4, "ncoh", 0x5_0000_0000, 8 << 20, 21),
        Contiguous(5, "dma", 0x6_0000_0000, 4 << 20, 16),
        Contiguous(6, "vram", 0x7_0000_0000, 1 << 30, 30),
        Extents(7, Aperture.VideoMemory, 16, 16, 3, 8),
        Extents(8, Aperture.SystemCoherent, 12, 1, 2, 5, 100),
        Pages(9, Aperture.SystemNonCoherent, 64),
        Scatter(10, Aperture.SystemCoherent, 16, 1, 4, 16),
    ];

    /// <summary>Address of the byte at an offset.</summary>
    public ulong AddressOf(ulong offset)
    {
        foreach (MemoryExtent extent in _extents)
        {
            if (offset < extent.Size)
            {
                return extent.Address + offset;
            }

            offset -= extent.Size;
        }

        throw new DisagreementException($"memory {Id} has no such offset");
    }

    private static ModelObject Contiguous(int id, string target, ulong address, ulong size, int shift)
    {
        string declaration = string.Create(CultureInfo.InvariantCulture, $"mem {id} {target} 0x{address:x} 0x{size:x} {shift}");
        MemoryExtent[] extents = [new(address, size)];
        Aperture aperture = target switch
        {
            "vram" => Aperture.VideoMemory,
            "ncoh" => Aperture.SystemNonCoherent,
            _ => Aperture.SystemCoherent,
        };
        if (target != "dma")
        {
            return new ModelObject(id, declaration, GpuMemoryObject.Contiguous(aperture, address, size, shift, id), extents);
        }

        ulong[] pages = [.. Enumerable.Range(0, (int)(size >> 12)).Select(i => address + ((ulong)i << 12))];
        return new ModelObject(id, declaration, GpuMemoryObject.FromPages(aperture, pages, shift, id), extents);
    }

    private static ModelObject Extents(int id, Aperture target, int shift, params ulong[] lengths)
    {
        MemoryExtent[] extents = Scattered(id, shift, lengths);
        return new ModelObject(id, Comment(id, "extents", extents), GpuMemoryObject.FromExtents(target, extents, shift, id), extents);
    }

    private static ModelObject Scatter(int id, Aperture target, int shift, params ulong[] lengths)
    {
        MemoryExtent[] extents = Scattered(id, shift, lengths);
        var memory = GpuMemoryObject.FromScatterList(target, extents, shift, id);
        return new ModelObject(id, Comment(id, "scatter list", extents), memory, extents);
    }

    private static ModelObject Pages(int id, Aperture target, int count)
    {
        MemoryExtent[] extents = Scattered(id, 12, [.. Enumerable.Repeat(1UL, count)]);
        ulong[] pages = [.. extents.Select(extent => extent.Address)];
        return new ModelObject(id, Comment(id, "pages", extents), GpuMemoryObject.FromPages(target, pages, 12, id), extents);
    }

    /// <summary>Pieces at descending addresses, so that none continues another.</summary>
    private static MemoryExtent[] Scattered(int id, int shift, ulong[] lengths)
    {
        ulong address = (ulong)(id + 1) << 32;
        var extents = new MemoryExtent[lengths.Length];
        for (int i = 0; i < lengths.Length; i++)
        {
            address -= (lengths[i] + 1) << shift;
            extents[i] = new MemoryExtent(address, lengths[i] << shift);
        }

        return extents;
    }

    private static string Comment(int id, string what, MemoryExtent[] extents) =>
        $"# mem {id}: {what} {string.Join(' ', extents.Select(e => $"0x{e.Address:x}+0x{e.Size:x}"))}";
}
