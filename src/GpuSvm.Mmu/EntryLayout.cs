namespace GpuSvm.Mmu;

/// <summary>The fields of one kind of word in page tables, for people: a page, a directory entry, half of a dual one.</summary>
/// <param name="Name">What the word is.</param>
/// <param name="Fields">Its fields, from the lowest bit on. Two may share bits where another field says which of them holds.</param>
public sealed record EntryLayout(string Name, IReadOnlyList<EntryField> Fields);
