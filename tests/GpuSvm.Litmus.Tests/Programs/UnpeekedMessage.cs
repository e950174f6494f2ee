using System.Runtime.CompilerServices;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>Bytes and then the word that publishes them, with nothing that a compiler would reorder: what the processor itself does.</summary>
internal sealed class UnpeekedMessage : ILitmusProgram
{
    private const int Apart = 64;
    private readonly long[] _words = new long[Apart * 3];
    private bool _isForbidden;

    public void Prepare()
    {
        _words[Apart] = 0;
        _words[Apart * 2] = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void First()
    {
        long word = _words[Apart];
        long bytes = _words[Apart * 2];
        _isForbidden = word != 0 && bytes == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Second()
    {
        _words[Apart * 2] = 1;
        _words[Apart] = 1;
    }

    public string? Forbidden() => _isForbidden ? "the word was seen, and the bytes before it were not" : null;

    public void Dispose()
    {
    }
}
