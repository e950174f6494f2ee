namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>A worker says that it runs and reads its translation; a flush clears the translation and looks whether anyone runs.</summary>
internal sealed class RunningVsFlush : ILitmusProgram
{
    private const int Looks = 100;
    private static readonly VirtualAddress Address = new(0x7000);

    private readonly TranslationCache _cache = new();
    private RunningThreads _running;
    private bool _hasReturned;
    private bool _isForbidden;

    public void Prepare()
    {
        _hasReturned = false;
        _cache.BeginAccess();
        _cache.Fill(Address, TranslationRights.Read, 0, _cache.Sequence);
        _cache.EndAccess();
    }

    public void Approach() => _cache.TryTranslate(Address, TranslationRights.Read, 1, out _);

    public void First()
    {
        _running.Enter();
        _cache.BeginAccess();
        if (_cache.TryTranslate(Address, TranslationRights.Read, 1, out _))
        {
            for (int i = 0; i < Looks && !_isForbidden; i++)
            {
                _isForbidden = Volatile.Read(ref _hasReturned);
            }
        }

        _cache.EndAccess();
        _running.Leave();
    }

    public void Second()
    {
        _cache.Drop(AddressRange.PageAt(Address));
        if (_running.AnyAfterDrop())
        {
            AccessBarrier.Pass();
            _cache.WaitForAccessInFlight();
        }

        Volatile.Write(ref _hasReturned, true);
    }

    public string? Forbidden() => _isForbidden ? "the flush saw nobody run, and an access by the old translation was in flight" : null;

    public void Dispose()
    {
    }
}
