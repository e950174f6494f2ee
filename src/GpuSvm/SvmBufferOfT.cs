using System.Runtime.CompilerServices;
using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Live;

namespace GpuSvm;

/// <summary>Values in memory that this process and the GPU share: an ordinary span here, the same addresses there.</summary>
/// <typeparam name="T">Type of the values.</typeparam>
/// <remarks>
/// It has no finalizer: memory whose owner was forgotten belongs to its session until that ends. Disposing discards the contents but keeps
/// the addresses, which read as zero until the session ends: a span that is still read then neither crashes nor sees another buffer, and
/// a store through one ends the process (SIGSEGV).
/// </remarks>
public sealed class SvmBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly SvmSession _session;
    private readonly MappedBuffer _mapped;
    private int _disposed;

    internal SvmBuffer(SvmSession session, MappedBuffer mapped, long count)
    {
        _session = session;
        _mapped = mapped;
        Address = mapped.Range.Start;
        Count = count;
    }

    /// <summary>Address of the first value, on the CPU and on the GPU: a multiple of 4096.</summary>
    public VirtualAddress Address { get; }

    /// <summary>Number of values.</summary>
    public long Count { get; }

    /// <summary>All values.</summary>
    /// <exception cref="InvalidOperationException">There are more than a span can hold; use <see cref="Slice"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or its session, is disposed.</exception>
    public Span<T> Span => Count <= int.MaxValue
        ? Slice(0, (int)Count)
        : throw new InvalidOperationException($"A span cannot hold {Count} values; use Slice.");

    /// <summary>Size of a value in bytes.</summary>
    internal static ulong Stride => (ulong)Unsafe.SizeOf<T>();

    /// <summary>Some of the values.</summary>
    /// <param name="start">Index of the first: at least 0.</param>
    /// <param name="length">Number of values, up to the end of the buffer.</param>
    /// <exception cref="ArgumentOutOfRangeException">They do not lie in the buffer.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or its session, is disposed.</exception>
    public Span<T> Slice(long start, int length)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        if (start > Count || length > Count - start)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"{length} values from index {start} on pass the buffer's {Count}.");
        }

        return _session.Span<T>(Address + ((ulong)start * Stride), length);
    }

    /// <summary>Brings the values home from the GPU's memory and keeps them there; see <see cref="SvmSession.Pin"/>.</summary>
    /// <returns>What lets them move again when it is disposed.</returns>
    /// <exception cref="SvmException">As of <see cref="SvmSession.Pin"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or its session, is disposed.</exception>
    public IDisposable Pin()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _session.Pin(Address, checked((ulong)Count * Stride));
    }

    /// <summary>Says where the values shall live while the GPU uses them; see <see cref="SvmSession.Advise"/>.</summary>
    /// <exception cref="SvmException">As of <see cref="SvmSession.Advise"/>.</exception>
    /// <exception cref="ObjectDisposedException">The buffer, or its session, is disposed.</exception>
    public void Advise(MemoryAdvice advice)
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        _session.Advise(Address, checked((ulong)Count * Stride), advice);
    }

    /// <summary>Moves the values to the GPU's own memory; see <see cref="SvmSession.TryMigrateToDeviceAsync"/>.</summary>
    /// <exception cref="ObjectDisposedException">The buffer, or its session, is disposed.</exception>
    public Task<MigrationResult> TryMigrateToDeviceAsync()
    {
        ObjectDisposedException.ThrowIf(_disposed != 0, this);
        return _session.TryMigrateToDeviceAsync(Address, checked((ulong)Count * Stride));
    }

    /// <summary>Gives the memory back. A second call does nothing.</summary>
    /// <exception cref="SvmException">ENOMEM when the process has too many mappings; it can be tried again.</exception>
    public void Dispose()
    {
        if (SharedWord.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        try
        {
            _session.Retire(_mapped);
        }
        catch
        {
            SharedWord.Write(ref _disposed, 0);
            throw;
        }
    }
}
