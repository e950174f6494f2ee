using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using GpuSvm.Core;
using GpuSvm.Mm;

namespace GpuSvm;

/// <summary>A thread of a simulated CPU: it loads and stores at virtual addresses, and faults, as a program's thread does.</summary>
/// <remarks>
/// <para>Used by one operating-system thread at a time. An access that hits the TLB takes no lock; one that faults may wait.</para>
/// <para>
/// Every access throws <see cref="SegmentationFaultException"/> where nothing is mapped or the protection forbids it, and
/// <see cref="SvmException"/> with ENOMEM when no frame is left, or with EBUSY when the page was taken away again 10,000 times in a row
/// or was being moved for longer than a second.
/// </para>
/// </remarks>
public sealed class CpuThread
{
    private const int RetryLimit = 10_000;
    private readonly SimulatedCpu _cpu;
    private readonly SystemMemory _memory;
    private readonly TranslationCache _tlb = new();
    private bool _hasRun;

    internal CpuThread(SimulatedCpu cpu, SystemMemory memory)
    {
        _cpu = cpu;
        _memory = memory;
    }

    /// <summary>Loads a value.</summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="address">Any address; a misaligned load is made byte by byte and is not atomic.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public T Load<T>(VirtualAddress address)
        where T : unmanaged
    {
        Require<T>();
        _tlb.BeginAccess();
        if (_tlb.TryTranslate(address, TranslationRights.Read, (uint)Unsafe.SizeOf<T>(), out ulong page))
        {
            T value = AlignedWord.Read<T>(ref At(page, address));
            _tlb.EndAccess();
            return value;
        }

        _tlb.EndAccess();
        return LoadSlow<T>(address);
    }

    /// <summary>Stores a value.</summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="address">Any address; a misaligned store is made byte by byte and is not atomic.</param>
    /// <param name="value">What to store.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Store<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        Require<T>();
        _tlb.BeginAccess();
        if (_tlb.TryTranslate(address, TranslationRights.Write, (uint)Unsafe.SizeOf<T>(), out ulong page))
        {
            AlignedWord.Write(ref At(page, address), value);
            _tlb.EndAccess();
            return;
        }

        _tlb.EndAccess();
        StoreSlow(address, value);
    }

    /// <summary>Stores a value if the word holds another one that is expected; atomic, and a full fence.</summary>
    /// <typeparam name="T">A type of 1, 2, 4 or 8 bytes.</typeparam>
    /// <param name="address">A multiple of the size.</param>
    /// <param name="expected">What the word must hold.</param>
    /// <param name="value">What to store.</param>
    /// <returns>What the word held before.</returns>
    /// <exception cref="ArgumentException">The address is misaligned.</exception>
    public T CompareExchange<T>(VirtualAddress address, T expected, T value)
        where T : unmanaged
    {
        Require<T>();
        if ((address & (ulong)(Unsafe.SizeOf<T>() - 1)) != 0)
        {
            throw new ArgumentException($"{address} is not a multiple of {Unsafe.SizeOf<T>()} bytes.", nameof(address));
        }

        ulong page = Begin(address, CpuAccess.Write);
        T was = AlignedWord.CompareExchange(ref At(page, address), value, expected);
        _tlb.EndAccess();
        return was;
    }

    /// <summary>Copies memory out, page by page; not atomic. Pages before one that faults for good have been copied.</summary>
    /// <param name="address">First byte.</param>
    /// <param name="destination">Where to.</param>
    public void Read(VirtualAddress address, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            ulong page = Begin(address, CpuAccess.Read);
            Span<byte> source = Bytes(page, address, destination.Length);
            source.CopyTo(destination);
            _tlb.EndAccess();
            address = unchecked(address.Value + (ulong)source.Length);
            destination = destination[source.Length..];
        }
    }

    /// <summary>Copies memory in, page by page; not atomic. Pages before one that faults for good have been copied.</summary>
    /// <param name="address">First byte.</param>
    /// <param name="source">Where from.</param>
    public void Write(VirtualAddress address, ReadOnlySpan<byte> source)
    {
        while (!source.IsEmpty)
        {
            ulong page = Begin(address, CpuAccess.Write);
            Span<byte> destination = Bytes(page, address, source.Length);
            source[..destination.Length].CopyTo(destination);
            _tlb.EndAccess();
            address = unchecked(address.Value + (ulong)destination.Length);
            source = source[destination.Length..];
        }
    }

    /// <summary>Drops the translations of a range.</summary>
    /// <param name="range">The pages.</param>
    /// <param name="what">All, or only those that allow to store.</param>
    /// <returns>False when the thread never ran, so that there is none.</returns>
    internal bool TryDrop(AddressRange range, CpuAccess what)
    {
        bool hasRun = SharedWord.Read(ref _hasRun);
        if (hasRun && what == CpuAccess.Write)
        {
            _tlb.DropStores(range);
        }
        else if (hasRun)
        {
            _tlb.Drop(range);
        }

        return hasRun;
    }

    /// <summary>Waits until the access in flight has ended.</summary>
    internal void WaitForAccessInFlight() => _tlb.WaitForAccessInFlight();

    [MethodImpl(MethodImplOptions.NoInlining)]
    private T LoadSlow<T>(VirtualAddress address)
        where T : unmanaged
    {
        if ((address & (ulong)(Unsafe.SizeOf<T>() - 1)) != 0)
        {
            T split = default;
            Read(address, MemoryMarshal.AsBytes(new Span<T>(ref split)));
            return split;
        }

        ulong page = Begin(address, CpuAccess.Read);
        T value = AlignedWord.Read<T>(ref At(page, address));
        _tlb.EndAccess();
        return value;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private void StoreSlow<T>(VirtualAddress address, T value)
        where T : unmanaged
    {
        if ((address & (ulong)(Unsafe.SizeOf<T>() - 1)) != 0)
        {
            Write(address, MemoryMarshal.AsBytes(new ReadOnlySpan<T>(in value)));
            return;
        }

        ulong page = Begin(address, CpuAccess.Write);
        AlignedWord.Write(ref At(page, address), value);
        _tlb.EndAccess();
    }

    /// <summary>Begins an access and translates its address, faulting the page in where needed. The caller ends the access.</summary>
    /// <returns>Physical address of the page.</returns>
    private ulong Begin(VirtualAddress address, CpuAccess access)
    {
        // Nothing may be thrown inside an access: a flush would wait for its end for ever.
        CpuPageTable table = _cpu.Table;
        TranslationRights rights = access == CpuAccess.Write ? TranslationRights.Write : TranslationRights.Read;
        for (int i = 0; i < RetryLimit; i++)
        {
            _tlb.BeginAccess();
            if (_tlb.TryTranslate(address, rights, 1, out ulong page))
            {
                return page;
            }

            WalkResult result = Walk(table, address, access, out page);
            if (result == WalkResult.Filled)
            {
                return page;
            }

            _tlb.EndAccess();
            if (result == WalkResult.Fault)
            {
                Raise(_cpu.Handler.HandleFault(address, access), address, access);
            }
        }

        throw new SvmException(Errno.EBUSY, $"The page at {address} was taken away {RetryLimit} times before the CPU could touch it.");
    }

    /// <summary>Walks the page table and fills the TLB. Inside an access.</summary>
    private WalkResult Walk(CpuPageTable table, ulong address, CpuAccess access, out ulong page)
    {
        if (!_hasRun)
        {
            // A flush changes the table and then looks whether the thread runs; we say so and then look at the table.
            SharedWord.Write(ref _hasRun, true);
            if (!LeftOutBarriers.FirstRun)
            {
                Interlocked.MemoryBarrier();
            }
        }

        page = 0;
        long sequence = _tlb.Sequence;
        if (table.Find(address) is not { } leaf || !leaf.TryTouch(address, access, out CpuPte pte))
        {
            return WalkResult.Fault;
        }

        // A write through a clean entry must walk again, to set the dirty bit.
        TranslationRights write = pte.IsWritable && pte.IsDirty ? TranslationRights.Write : TranslationRights.None;
        page = pte.Frame.Address.Value;
        return _tlb.Fill(address, TranslationRights.Read | write, page, sequence) ? WalkResult.Filled : WalkResult.Raced;
    }

    private static void Raise(Errno error, VirtualAddress address, CpuAccess access)
    {
        switch (error)
        {
            case Errno.None:
                return;
            case Errno.EFAULT:
                throw new SegmentationFaultException(address, access);
            default:
                throw new SvmException(error, $"The page at {address} could not be brought in.");
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Require<T>()
        where T : unmanaged
    {
        if (!AlignedWord.IsSupported<T>())
        {
            Reject<T>();
        }
    }

    private static void Reject<T>()
        where T : unmanaged =>
        throw new ArgumentException($"{typeof(T).Name} has {Unsafe.SizeOf<T>()} bytes; a CPU accesses 1, 2, 4 or 8 at once.");

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ref byte At(ulong page, ulong address) => ref _memory.At(new PhysicalAddress(page | (address & Page.OffsetMask)));

    private Span<byte> Bytes(ulong page, ulong address, int length)
    {
        int offset = (int)(address & Page.OffsetMask);
        return _memory.Frame(new PhysicalAddress(page).Frame).Slice(offset, Math.Min(length, (int)Page.Size - offset));
    }

    private enum WalkResult : byte
    {
        Filled,
        Raced,
        Fault,
    }
}
