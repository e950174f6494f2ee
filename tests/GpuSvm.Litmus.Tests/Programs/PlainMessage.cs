using System.Runtime.CompilerServices;

namespace GpuSvm.Litmus.Tests.Programs;

/// <summary>The control of all message passing: bytes and then the word that publishes them, with no order asked for on either side.</summary>
/// <remarks>
/// The reader looks at the bytes once before it reads the word, as one that polls would. The compiler may then take the bytes that it has
/// for those behind the word, and does; <see cref="OrderedMessage"/> is the same with the word read as the production code reads it.
/// </remarks>
internal sealed class PlainMessage : ILitmusProgram
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

        long word = _word;
        long late = _bytes;
        _sum = sum;
        _isForbidden = early == 0 && word != 0 && late == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public void Second()
    {
        _bytes = 1;
        _word = 1;
    }

    public string? Forbidden() => _isForbidden ? "the word was seen, and the bytes before it were not" : null;

    public void Dispose()
    {
    }
}
