namespace GpuSvm.Mm.Tests;

/// <summary>Shared memory as a dictionary says it: a word for each page.</summary>
internal sealed class ModelStore(ulong pages)
{
    private readonly Dictionary<ulong, ulong> _words = [];

    public ulong this[ulong index]
    {
        get => _words.GetValueOrDefault(index);
        set => _words[index] = value;
    }

    public bool Has(ulong index) => index < pages;
}
