namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>A fill writes its entry and reads the sequence of drops; a drop moves the sequence and reads the entry.</summary>
internal sealed class FillVsDrop : ILitmusProgram
{
    private static readonly VirtualAddress Address = new(0x7000);

    private readonly TranslationCache _cache = new();
    private long _sequence;

    public void Prepare() => _sequence = _cache.Sequence;

    public void First()
    {
        _cache.BeginAccess();
        _cache.Fill(Address, TranslationRights.Read, 0, _sequence);
        _cache.EndAccess();
    }

    public void Second() => _cache.Drop(AddressRange.PageAt(Address));

    public string? Forbidden()
    {
        _cache.BeginAccess();
        bool hit = _cache.TryTranslate(Address, TranslationRights.Read, 1, out _);
        _cache.EndAccess();
        return hit ? "an entry that was walked before the drop is there behind it" : null;
    }

    public void Dispose()
    {
    }
}
