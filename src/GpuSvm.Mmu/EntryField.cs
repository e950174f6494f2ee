namespace GpuSvm.Mmu;

/// <summary>A field of a word of a page table, for people.</summary>
/// <param name="Name">The manual's name.</param>
/// <param name="Bits">Where it stands.</param>
/// <param name="Meaning">What it says.</param>
public readonly record struct EntryField(string Name, BitField Bits, string Meaning);
