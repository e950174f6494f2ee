namespace GpuSvm.HmmTests;

/// <summary>A device that does nothing but mirror address spaces, and keep pages of them in memory of its own.</summary>
/// <remarks>
/// Behaves as the driver that Linux tests its memory management for devices with, lib/test_hmm.c. Where that one leaves races open
/// (its own MIGRATE event is skipped while its entries still work), this one keeps to the rules of docs/architecture.md.
/// </remarks>
public sealed partial class TestDevice : IDisposable
{
    private DeviceFile[] _files = [];

    /// <summary>Makes a device with one chunk of memory.</summary>
    /// <param name="frames">The machine's frames.</param>
    /// <param name="kind">Whether the CPU reaches the device's memory.</param>
    /// <exception cref="SvmException">ENOMEM: the machine has no memory for a chunk of 256 MiB.</exception>
    public TestDevice(PageFrames frames, DevicePageKind kind)
    {
        ArgumentNullException.ThrowIfNull(frames);
        Frames = frames;
        Kind = kind;
        Memory = new DeviceMemory(frames, kind, this);
        if (!Memory.TryAddChunk())
        {
            throw new SvmException(Errno.ENOMEM, "There is no room for the memory of a device.");
        }
    }

    /// <summary>Whether the CPU reaches the device's memory.</summary>
    public DevicePageKind Kind { get; }

    /// <summary>Number of pages that live in the device's memory.</summary>
    public long UsedFrames => Memory.UsedFrames;

    /// <summary>Number of chunks of memory that the device has.</summary>
    public int ChunkCount => Memory.Chunks.Count;

    internal PageFrames Frames { get; }

    internal DeviceMemory Memory { get; }

    /// <summary>Has the device mirror an address space.</summary>
    /// <returns>Null when the address space has ended.</returns>
    public DeviceFile? Open(AddressSpace space)
    {
        var file = new DeviceFile(this, space);
        if (!file.TryStart())
        {
            return null;
        }

        DeviceFile[] seen;
        do
        {
            seen = SharedWord.Read(ref _files);
        }
        while (SharedWord.CompareExchange(ref _files, [.. seen, file], seen) != seen);
        return file;
    }

    /// <summary>Gives the device's memory back; no page lives there any more, and no file is open.</summary>
    public void Dispose()
    {
        foreach (DeviceChunk chunk in Memory.Chunks)
        {
            Memory.Retire(chunk);
            Memory.Remove(chunk);
        }
    }

    /// <summary>A file is closed.</summary>
    internal void Forget(DeviceFile file)
    {
        DeviceFile[] seen;
        do
        {
            seen = SharedWord.Read(ref _files);
        }
        while (SharedWord.CompareExchange(ref _files, [.. seen.Where(other => other != file)], seen) != seen);
    }

    /// <summary>Drops the pages that a migration has collected; afterwards the device makes no access there until it asks again.</summary>
    /// <remarks>For this <see cref="DeviceFile.Invalidate"/> may pass over the device's own event. Other pages stay: they are on the device already.</remarks>
    internal void Drop(AddressSpace space, MigrateVma migration)
    {
        foreach (DeviceFile file in SharedWord.Read(ref _files))
        {
            if (file.Space == space)
            {
                file.Drop(migration);
            }
        }
    }

    /// <summary>The bytes of a frame, as the device reaches them.</summary>
    internal Span<byte> Bytes(FrameNumber frame) =>
        Memory.ChunkOf(frame) is { } chunk ? chunk.Bytes(frame) : Frames.Memory.Frame(frame);
}
