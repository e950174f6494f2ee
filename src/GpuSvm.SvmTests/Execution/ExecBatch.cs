namespace GpuSvm.SvmTests;

/// <summary>What an exec is to do.</summary>
/// <param name="Target">Where it writes.</param>
/// <param name="Value">What it stores there, and in the end as fence.</param>
/// <param name="FenceTarget">Where it stores the fence.</param>
internal readonly record struct ExecBatch(VirtualAddress Target, ulong Value, VirtualAddress FenceTarget)
{
    /// <summary>Number of places where it writes.</summary>
    public ulong Count { get; init; } = 1;

    /// <summary>Bytes from one of them to the next.</summary>
    public ulong Interval { get; init; }

    /// <summary>How it writes.</summary>
    public ExecCommand Command { get; init; }

    /// <summary>A word that it loads first, and stores beside the batch; 0 for none.</summary>
    public VirtualAddress Peek { get; init; }

    /// <summary>Writes it as the words that the GPU reads.</summary>
    /// <param name="record">The bytes of a record.</param>
    public void WriteTo(Span<byte> record)
    {
        ReadOnlySpan<(int Offset, ulong Word)> words =
        [
            (ExecRecord.Target, Target), (ExecRecord.Value, Value), (ExecRecord.Count, Count), (ExecRecord.Interval, Interval),
            (ExecRecord.Command, (ulong)Command), (ExecRecord.Peek, Peek), (ExecRecord.FenceTarget, FenceTarget),
        ];
        foreach ((int offset, ulong word) in words)
        {
            BitConverter.TryWriteBytes(record[offset..], word);
        }
    }
}
