using System.Runtime.CompilerServices;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>Bytes and then the word that publishes them, written and read in order: what <see cref="PlainMessage"/> leaves out.</summary>
internal sealed class OrderedMessage : ILitmusProgram
{
    private const int Pauses = 40;
    private long _bytes;
    private long _word;
    private long _sum;
    private bool _isForbidden;

    public void Prepare()
    {
        _bytes = 0;
        _word = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void First()
    {
        long early = _bytes;
        long sum = early;
        for (int i = 0; i < Pauses; i++)
        {
            sum = unchecked(sum * 31 + i);
        }

        long word = Volatile.Read(ref _word);
        long late = _bytes;
        _sum = sum;
        _isForbidden = early == 0 && word != 0 && late == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Second()
    {
        _bytes = 1;
        Volatile.Write(ref _word, 1);
    }

    public string? Forbidden() => _isForbidden ? "the word was seen, and the bytes before it were not" : null;

    public void Dispose()
    {
    }
}
