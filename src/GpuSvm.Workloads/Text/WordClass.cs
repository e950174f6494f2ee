namespace GpuSvm.Workloads;

/// <summary>What a character does to a word, as <c>wc -w</c> sees it.</summary>
public enum WordClass : byte
{
    /// <summary>Neither begins nor ends a word: control characters, unassigned code points, bytes that are not UTF-8.</summary>
    Neutral = 0,

    /// <summary>Ends a word: white space.</summary>
    Separator = 1,

    /// <summary>Begins a word, or belongs to the one that has begun: every printable character that is not white space.</summary>
    Printable = 2,
}
