namespace GpuSvm.Mmu.Tests.Infrastructure;

/// <summary>What an address space asked of the machine below it, in order.</summary>
internal sealed class Journal
{
    private readonly List<string> _lines = [];

    /// <summary>The entries since the last <see cref="Take"/>, as one text for comparison, a line each.</summary>
    public string Take()
    {
        string text = string.Join('\n', _lines);
        _lines.Clear();
        return text;
    }

    public void Add(string line) => _lines.Add(line);
}
