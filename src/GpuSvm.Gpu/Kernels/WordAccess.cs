namespace GpuSvm;

/// <summary>Accesses to aligned words whose size is known only at run time, and the atomic operations.</summary>
internal static class WordAccess
{
    private const int BitsPerByte = 8;

    internal static ulong Read(ref byte at, int size) => size switch
    {
        1 => AlignedWord.Read<byte>(ref at),
        2 => AlignedWord.Read<ushort>(ref at),
        4 => AlignedWord.Read<uint>(ref at),
        _ => AlignedWord.Read<ulong>(ref at),
    };

    /// <summary>Writes the low bytes of <paramref name="value"/>; the result is 0.</summary>
    internal static ulong Write(ref byte at, int size, ulong value)
    {
        unchecked
        {
            switch (size)
            {
                case 1:
                    AlignedWord.Write(ref at, (byte)value);
                    break;
                case 2:
                    AlignedWord.Write(ref at, (ushort)value);
                    break;
                case 4:
                    AlignedWord.Write(ref at, (uint)value);
                    break;
                default:
                    AlignedWord.Write(ref at, value);
                    break;
            }
        }

        return 0;
    }

    /// <summary>Changes a word atomically.</summary>
    /// <returns>What it held before.</returns>
    internal static ulong Update(AccessKind kind, ref byte at, int size, ulong operand, ulong comparand)
    {
        while (true)
        {
            ulong old = Read(ref at, size);
            ulong changed = Compute(kind, size, old, operand, comparand);
            if (CompareExchange(ref at, size, changed, old) == old)
            {
                return old;
            }
        }
    }

    private static ulong CompareExchange(ref byte at, int size, ulong value, ulong expected)
    {
        unchecked
        {
            return size switch
            {
                1 => AlignedWord.CompareExchange(ref at, (byte)value, (byte)expected),
                2 => AlignedWord.CompareExchange(ref at, (ushort)value, (ushort)expected),
                4 => AlignedWord.CompareExchange(ref at, (uint)value, (uint)expected),
                _ => AlignedWord.CompareExchange(ref at, value, expected),
            };
        }
    }

    private static ulong Compute(AccessKind kind, int size, ulong old, ulong operand, ulong comparand)
    {
        unchecked
        {
            return kind switch
            {
                AccessKind.Add => old + operand,
                AccessKind.Exchange => operand,
                AccessKind.CompareExchange => old == comparand ? operand : old,
                AccessKind.And => old & operand,
                AccessKind.Or => old | operand,
                AccessKind.Xor => old ^ operand,
                AccessKind.MinUnsigned => Math.Min(old, operand),
                AccessKind.MaxUnsigned => Math.Max(old, operand),
                AccessKind.MinSigned => (ulong)Math.Min(SignExtend(old, size), SignExtend(operand, size)),
                _ => (ulong)Math.Max(SignExtend(old, size), SignExtend(operand, size)),
            };
        }
    }

    private static long SignExtend(ulong value, int size)
    {
        int shift = BitsPerByte * (sizeof(ulong) - size);
        return unchecked((long)(value << shift)) >> shift;
    }
}
