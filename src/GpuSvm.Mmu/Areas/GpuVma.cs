namespace GpuSvm.Mmu.Areas;

/// <summary>A piece of the address space that is in one state: free, or used and mapped alike throughout.</summary>
/// <remarks>
/// All pieces together, in the order of their list, are the address space without gap or overlap. Source: Linux nouveau, struct nvkm_vma.
/// </remarks>
internal sealed class GpuVma
{
    /// <summary>Index of no page type.</summary>
    public const int None = -1;

    private Attributes _attributes = Attributes.OfFree;

    /// <summary>First address.</summary>
    public ulong Start { get; set; }

    /// <summary>Number of bytes; never 0.</summary>
    public ulong Size { get; set; }

    /// <summary>First address behind it.</summary>
    public ulong End => Start + Size;

    /// <summary>Index of the page type that it was allocated for, or <see cref="None"/>: any.</summary>
    public int Page
    {
        get => _attributes.Page;
        set => _attributes.Page = (sbyte)value;
    }

    /// <summary>Index of the page type whose page tables it holds references of, or <see cref="None"/>.</summary>
    public int Referenced
    {
        get => _attributes.Referenced;
        set => _attributes.Referenced = (sbyte)value;
    }

    /// <summary>False while it is free.</summary>
    public bool IsUsed
    {
        get => _attributes.IsUsed;
        set => _attributes.IsUsed = value;
    }

    /// <summary>Page tables are referenced when memory is mapped, not when the piece is allocated.</summary>
    public bool IsMapRef
    {
        get => _attributes.IsMapRef;
        set => _attributes.IsMapRef = value;
    }

    /// <summary>Where nothing is mapped, loads read 0 and stores are dropped.</summary>
    public bool IsSparse
    {
        get => _attributes.IsSparse;
        set => _attributes.IsSparse = value;
    }

    /// <summary>Split from the piece before it; the two were allocated as one.</summary>
    public bool IsPart
    {
        get => _attributes.IsPart;
        set => _attributes.IsPart = value;
    }

    /// <summary>Being worked on by someone who gave up the lock in between.</summary>
    public bool IsBusy
    {
        get => _attributes.IsBusy;
        set => _attributes.IsBusy = value;
    }

    /// <summary>Something is mapped: <see cref="Memory"/>, or pages by pfn when that is null.</summary>
    public bool IsMapped
    {
        get => _attributes.IsMapped;
        set => _attributes.IsMapped = value;
    }

    /// <summary>The memory that is mapped, or null.</summary>
    public GpuMemoryObject? Memory { get; set; }

    /// <summary>The piece before it, or null at the start of the address space.</summary>
    public GpuVma? Previous { get; set; }

    /// <summary>The piece behind it, or null at the end of the address space.</summary>
    public GpuVma? Next { get; set; }

    /// <summary>True if pages are mapped by pfn.</summary>
    public bool IsPfnMapped => IsMapped && Memory is null;

    /// <summary>True if an address lies in it.</summary>
    public bool Contains(ulong address) => unchecked(address - Start) < Size;

    /// <summary>Takes over every attribute of another piece but what is mapped there.</summary>
    public void CopyAttributes(GpuVma other) => _attributes = other._attributes;

    /// <summary>Makes it free, with no attribute left of what it was.</summary>
    public void Reset()
    {
        _attributes = Attributes.OfFree;
        Memory = null;
    }

    /// <summary>Eight bytes, so that a piece fits a cache line: thousands of them are looked at in no order.</summary>
    private struct Attributes
    {
        public sbyte Page;
        public sbyte Referenced;
        public bool IsUsed;
        public bool IsMapRef;
        public bool IsSparse;
        public bool IsPart;
        public bool IsBusy;
        public bool IsMapped;

        public static Attributes OfFree => new() { Page = None, Referenced = None };
    }
}
