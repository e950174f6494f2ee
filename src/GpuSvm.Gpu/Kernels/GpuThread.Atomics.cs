using System.Numerics;
using System.Runtime.CompilerServices;
using GpuSvm.Gpu;

namespace GpuSvm;

/// <content>The atomic operations. Each gives the word that it found.</content>
public sealed unsafe partial class GpuThread
{
    private const TranslationRights AllRights = TranslationRights.Read | TranslationRights.Write | TranslationRights.Atomic;

    /// <summary>Adds to a word, wrapping around.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">What to add.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicAdd<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(AccessKind.Add, address.Value, value, default);

    /// <summary>Replaces a word.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The new word.</param>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicExchange<T>(VirtualAddress address, T value)
        where T : unmanaged
        => Atomic(AccessKind.Exchange, address.Value, value, default);

    /// <summary>Replaces a word if it holds what is expected, compared bit by bit.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="expected">What the word must hold.</param>
    /// <param name="value">The new word.</param>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicCompareExchange<T>(VirtualAddress address, T expected, T value)
        where T : unmanaged
        => Atomic(AccessKind.CompareExchange, address.Value, value, expected);

    /// <summary>Keeps the smaller of a word and a value.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The value.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicMin<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(IsSigned<T>() ? AccessKind.MinSigned : AccessKind.MinUnsigned, address.Value, value, default);

    /// <summary>Keeps the larger of a word and a value.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The value.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicMax<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(IsSigned<T>() ? AccessKind.MaxSigned : AccessKind.MaxUnsigned, address.Value, value, default);

    /// <summary>Keeps the bits that are set in a word and in a mask.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The mask.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicAnd<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(AccessKind.And, address.Value, value, default);

    /// <summary>Sets bits of a word.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The bits.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicOr<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(AccessKind.Or, address.Value, value, default);

    /// <summary>Flips bits of a word.</summary>
    /// <param name="address">A multiple of the word's size.</param>
    /// <param name="value">The bits.</param>
    /// <typeparam name="T">An integer type of 1, 2, 4 or 8 bytes.</typeparam>
    public GpuAccess<T> AtomicXor<T>(VirtualAddress address, T value)
        where T : unmanaged, IBinaryInteger<T>
        => Atomic(AccessKind.Xor, address.Value, value, default);

    private static bool IsSigned<T>()
        where T : unmanaged, IBinaryInteger<T>
        => T.IsNegative(unchecked(T.Zero - T.One));

    private GpuAccess<T> Atomic<T>(AccessKind kind, ulong address, T operand, T comparand)
        where T : unmanaged
    {
        DemandSize<T>();
        SmPort port = _port;
        port.Tlb.BeginAccess();
        if (port.TryReach(address, AllRights, (uint)sizeof(T), out byte* word))
        {
            // SAFETY: as in Load.
            ulong found = WordAccess.Update(kind, ref *word, sizeof(T), ToBits(operand), ToBits(comparand));
            port.Tlb.EndAccess();
            return new GpuAccess<T>(FromBits<T>(found));
        }

        port.Tlb.EndAccess();
        return IssueForValue<T>(kind, address, ToBits(operand), ToBits(comparand));
    }
}
