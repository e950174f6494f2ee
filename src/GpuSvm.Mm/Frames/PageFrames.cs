using System.Runtime.CompilerServices;

namespace GpuSvm.Mm;

/// <summary>The 4 KiB page frames of a system memory: who holds them, how often they are mapped, and their page locks.</summary>
/// <remarks>
/// <para>
/// A frame that is handed out reads as zero and has one reference; with the last reference it is free. Frames are handed out in random
/// order, so that nobody can take a frame number for an address. State is kept for frames that are used and costs 32 bytes each.
/// </para>
/// <para>
/// Frames from <see cref="PageFramesOptions.PooledFrames"/> on belong to <see cref="MemoryObject"/>s: there the page says which frame.
/// </para>
/// <para>Locking: every method may be called by any thread; only <see cref="Lock"/> waits.</para>
/// </remarks>
public sealed partial class PageFrames : IDisposable
{
    /// <summary>Fills freed frames when checks are on: an address made of it is in no address space.</summary>
    public const byte Poison = 0xdb;

    private readonly PageFramesOptions _options;
    private readonly ulong _count;
    private readonly ulong _limit;
    private readonly ulong _pooled;
    private readonly NativeReservation _states;
    private readonly RankedLock _lock = new(LockRank.FrameAllocator);
    private readonly FramePool _pool;
    private readonly PageLocks _locks;
    private long _allocated;

    /// <summary>Takes charge of all frames of a memory.</summary>
    /// <param name="memory">At least 2 frames: one of them is the zero page.</param>
    /// <param name="options">Seed, limit and injected failures.</param>
    /// <exception cref="ArgumentOutOfRangeException">The memory is too small, or an option above what it has.</exception>
    public PageFrames(SystemMemory memory, PageFramesOptions options)
    {
        ArgumentNullException.ThrowIfNull(memory);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(memory.FrameCount, 2UL, nameof(memory));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(memory.FrameCount, 1UL << DeviceShift, nameof(memory));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.LimitFrames, memory.FrameCount - 1, nameof(options));
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.PooledFrames, memory.FrameCount, nameof(options));
        Memory = memory;
        _count = memory.FrameCount;
        _options = options;
        _limit = options.LimitFrames != 0 ? options.LimitFrames : memory.FrameCount - 1;
        _states = new NativeReservation(memory.FrameCount * (ulong)Unsafe.SizeOf<FrameState>());
        _pooled = options.PooledFrames != 0 ? options.PooledFrames : memory.FrameCount;
        _runs = new FrameRuns(_pooled, memory.FrameCount - _pooled);
        _pool = new FramePool(_pooled, new SeededRandom(options.Seed));
        _locks = new PageLocks(this);
        _pool.TryTake(out FrameNumber zero, out _);
        ZeroFrame = zero;
        OwnStateOf(zero).References = 1;
    }

    /// <summary>The bytes of the frames.</summary>
    public SystemMemory Memory { get; }

    /// <summary>The zero page that pages share which were only read. Never written, never freed; its references are not counted.</summary>
    public FrameNumber ZeroFrame { get; }

    /// <summary>Number of frames handed out and not yet free again, without the zero page.</summary>
    public long AllocatedFrames => SharedWord.Read(ref _allocated);

    /// <summary>Allocates a frame that reads as zero, with one reference.</summary>
    /// <returns><see cref="Errno.ENOMEM"/> when none is left, the limit is reached, or the gate refuses.</returns>
    public Errno TryAllocate(out FrameNumber frame)
    {
        Errno error = TryTakeFrame(out frame, out bool isFresh);
        if (error != Errno.None)
        {
            return error;
        }

        if (!isFresh)
        {
            Clear(frame);
        }

        Begin(frame);
        return Errno.None;
    }

    /// <summary>Adds a reference to a frame that has one already. One to a part of a huge page keeps all of it.</summary>
    public void Get(FrameNumber frame)
    {
        if (frame == ZeroFrame)
        {
            return;
        }

        ref FrameState state = ref OwnStateOf(frame);
        if (!HasFlags(ref state, FrameFlags.Tail) || !TryGetTail(frame, ref state))
        {
            int references = SharedWord.Add(ref state.References, 1);
            Checks.That(references > 1, "A reference is added only to a frame that is in use.");
        }
    }

    /// <summary>Drops a reference; the last one frees the frame.</summary>
    public void Put(FrameNumber frame)
    {
        if (frame == ZeroFrame)
        {
            return;
        }

        Put(frame, ref OwnStateOf(frame));
    }

    /// <summary>As <see cref="Put(FrameNumber)"/>; not of the zero page.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="state">Its own state.</param>
    internal void Put(FrameNumber frame, ref FrameState state)
    {
        if (HasFlags(ref state, FrameFlags.Tail) && TryPutTail(frame, ref state))
        {
            return;
        }

        int references = SharedWord.Add(ref state.References, -1);
        Checks.That(references >= 0, "A frame is not put more often than it was got.");
        if (references == 0)
        {
            Free(frame, ref state);
        }
    }

    /// <summary>Number of references to a frame: 0 when it is free, always 1 for the zero page, those of the whole for a part of a huge page.</summary>
    public int ReferenceCount(FrameNumber frame) => SharedWord.Read(ref StateOf(frame).References);

    /// <summary>Gives the memory of the frames' states back. The frames' bytes belong to the memory's owner.</summary>
    public void Dispose()
    {
        _states.Dispose();
        foreach (IDisposable? pagemap in _removed.Concat(_pagemaps))
        {
            pagemap?.Dispose();
        }
    }

    private void Free(FrameNumber frame, ref FrameState state)
    {
        // That of an object may be taken again already: its page says which frame, nobody waits for it to be given back here.
        if (Checks.Enabled && !IsFixed(frame))
        {
            Checks.That(SharedWord.Read(ref state.Maps) == 0, "A frame is freed only when nothing maps it.");
            Checks.That(!PageLocks.IsLocked(ref state.Lock), "A frame is not freed while its page lock is held.");
        }

        var marks = (FrameFlags)SharedWord.Read(ref state.Flags);
        bool isLost = (marks & FrameFlags.Poisoned) != 0;
        bool isHuge = (marks & FrameFlags.Huge) != 0;
        if (isHuge)
        {
            EndHuge(frame);
        }

        int pages = isHuge ? HugePage.PageCount : 1;
        if (PagemapOf(frame) is { } pagemap)
        {
            _away.Forget(frame);
            pagemap.End(frame, pages);
            return;
        }

        // An object's frame may be a hole by now, which a touch would fill. Reading any other page costs no memory, filling it would.
        bool isOfObject = IsOfObject(frame);
        for (int i = 0; Checks.Enabled && !isOfObject && i < pages; i++)
        {
            Span<byte> bytes = Memory.Frame(frame + (ulong)i);
            if (bytes.ContainsAnyExcept((byte)0))
            {
                bytes.Fill(Poison);
            }
        }

        using (_lock.Enter())
        {
            _allocated -= pages;
            if (isLost)
            {
                // A frame whose memory has failed is never handed out again.
                return;
            }

            if (isHuge)
            {
                _pool.ReturnBlock(frame);
            }
            else if (!isOfObject)
            {
                _pool.Return(frame);
            }
        }
    }

    /// <summary>Gives a free frame its first reference.</summary>
    private void Begin(FrameNumber frame)
    {
        ref FrameState state = ref OwnStateOf(frame);
        SharedWord.Write(ref state.Flags, 0);
        SharedWord.Write(ref state.References, 1);
    }

    private static bool HasFlags(ref FrameState state, FrameFlags flags) => (SharedWord.Read(ref state.Flags) & (int)flags) != 0;

    private void Clear(FrameNumber frame)
    {
        Span<byte> bytes = Memory.Frame(frame);
        if (bytes.ContainsAnyExcept((byte)0) && !Breaks.FrameNotCleared)
        {
            bytes.Clear();
        }
    }

    /// <summary>The state of the page that a frame is: that of the first frame for all of a huge page.</summary>
    private ref FrameState StateOf(FrameNumber frame)
    {
        ref FrameState state = ref OwnStateOf(frame);
        return ref HasFlags(ref state, FrameFlags.Tail) ? ref OwnStateOf(HugePage.HeadOf(frame)) : ref state;
    }

    /// <summary>The state that is kept for a frame itself.</summary>
    private ref FrameState OwnStateOf(FrameNumber frame)
    {
        if (IsDevicePrivate(frame))
        {
            return ref DeviceStateOf(frame);
        }

        return ref _states.At<FrameState>(frame.Value);
    }

    /// <summary>Takes a frame of the pool, as it is.</summary>
    private Errno TryTakeFrame(out FrameNumber frame, out bool isFresh)
    {
        frame = default;
        isFresh = false;
        if (_options.AllocationGate is { } gate && !gate())
        {
            return Errno.ENOMEM;
        }

        using (_lock.Enter())
        {
            if ((ulong)_allocated >= _limit || !_pool.TryTake(out frame, out isFresh))
            {
                return Errno.ENOMEM;
            }

            _allocated++;
            return Errno.None;
        }
    }
}
