using GpuSvm.Core;
using GpuSvm.Driver;
using GpuSvm.Gpu;
using GpuSvm.Mm;

namespace GpuSvm;

/// <summary>A simulated machine: processes with ordinary memory, and a GPU that shares it with them, pointer by pointer.</summary>
/// <remarks>
/// <para>
/// Everything between the CPU's page tables and the GPU's is real: faults, interval notifiers, page tables in raw bytes, TLBs that must be
/// flushed. Only the processors are simulated.
/// </para>
/// <para>Thread-safe. Dispose ends the processes, then the GPU.</para>
/// </remarks>
public sealed class Machine : IDisposable
{
    private readonly RankedLock _lock = new(LockRank.Machine);
    private readonly List<SimulatedProcess> _processes = [];
    private readonly MachineOptions _options;
    private readonly SystemMemory _memory;
    private readonly PageFrames _frames;
    private readonly SoftwareGpu _gpu;
    private readonly SvmDriver _driver;
    private ulong _processSeed;
    private bool _disposed;

    /// <summary>Builds a machine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">
    /// An option lies out of its range; the message names it, its value and the range.
    /// </exception>
    /// <exception cref="ArgumentException">Options do not fit together; the message names them and what is expected.</exception>
    /// <exception cref="SvmException">The system refuses to reserve the memory.</exception>
    public Machine(MachineOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.CpuThreads, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.CpuThreads, 256);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.SystemMemory.Bytes, Page.Size, nameof(options.SystemMemory));
        bool isSequential = options.Execution == ExecutionMode.Sequential;
        var choices = new DriverChoices
        {
            Execution = options.Execution,
            Strategy = options.Strategy,
            Ranges = options.Ranges,
            Eviction = options.Eviction,
            ReadAroundPages = options.ReadAroundPages,
            Clock = isSequential ? new StepClock() : Clock.Monotonic,
            Events = options.Events,
        };
        choices.Validate();
        _options = options;
        var gpuOptions = new SoftwareGpuOptions
        {
            Seed = options.Seed,
            Sms = options.Sms,
            WarpsPerSm = options.WarpsPerSm,
            Execution = options.Execution,
            FaultBufferEntries = options.FaultBufferEntries,
            VideoMemory = options.VideoMemory,
            Events = options.Events,
        };
        _memory = new SystemMemory(options.SystemMemory.Bytes >> Page.Shift);
        try
        {
            _gpu = new SoftwareGpu(_memory, gpuOptions);
        }
        catch
        {
            _memory.Dispose();
            throw;
        }

        _frames = new PageFrames(_memory, new PageFramesOptions { Seed = options.Seed });
        _driver = choices.Build(_gpu, _frames);
        _processSeed = options.Seed;
        Gpu = new GpuDevice(_gpu, _driver);
    }

    /// <summary>The machine's GPU.</summary>
    public GpuDevice Gpu { get; }

    /// <summary>What the machine has counted so far.</summary>
    public MachineCounters Counters => MachineCounters.Of(_gpu.Counters, _driver);

    /// <summary>Number of 4 KiB page frames that are in use by processes; 0 when all have ended.</summary>
    public long AllocatedFrames => _frames.AllocatedFrames;

    /// <summary>Number of pages that the GPU's IOMMU maps; 0 when all processes have ended.</summary>
    public long DmaMappedPages => _gpu.DmaMapper.MappedPages;

    /// <summary>Number of 4 KiB pages of processes that live in the GPU's own memory, or have left it just now.</summary>
    public long VideoPages => _gpu.VideoMemory.AllocatedPages;

    /// <summary>Starts a process with an empty address space, joined to the GPU.</summary>
    /// <exception cref="SvmException">No memory is left for its page tables.</exception>
    public SimulatedProcess StartProcess()
    {
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var cpu = new SimulatedCpu(_memory, _options.CpuThreads);
            var mm = new AddressSpace(_frames, cpu, new AddressSpaceOptions { Seed = unchecked(++_processSeed) });
            Errno error = TryJoin(mm, cpu, out SimulatedProcess? process);
            return error == Errno.None ? process! : throw new SvmException(error, "The GPU could not be joined to a new process.");
        }
    }

    /// <summary>Ends all processes and the GPU, and frees the memory.</summary>
    /// <exception cref="InvariantException">Checks are on and something was left behind.</exception>
    public void Dispose()
    {
        SimulatedProcess[] processes;
        using (_lock.Enter())
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            processes = [.. _processes];
        }

        foreach (SimulatedProcess process in processes)
        {
            process.Dispose();
        }

        _driver.Dispose();
        string? leak = Checks.Enabled ? Leak() : null;
        _gpu.Dispose();
        _frames.Dispose();
        _memory.Dispose();
        Checks.That(leak is null, leak ?? string.Empty);
    }

    /// <summary>Starts a process with the memory of another, joined to the GPU. See <see cref="SimulatedProcess.TryFork"/>.</summary>
    internal Errno TryFork(AddressSpace parent, out SimulatedProcess? child)
    {
        child = null;
        using (_lock.Enter())
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            var cpu = new SimulatedCpu(_memory, _options.CpuThreads);
            Errno error = parent.TryFork(cpu, null, out AddressSpace? mm);
            return error == Errno.None ? TryJoin(mm!, cpu, out child) : error;
        }
    }

    internal void Forget(SimulatedProcess process)
    {
        using (_lock.Enter())
        {
            _processes.Remove(process);
        }
    }

    /// <summary>Joins an address space to the GPU; ends it on failure. Lock held.</summary>
    private Errno TryJoin(AddressSpace mm, SimulatedCpu cpu, out SimulatedProcess? process)
    {
        process = null;
        Errno error = _driver.TryOpen(mm, out SvmClient? client);
        if (error != Errno.None)
        {
            mm.Dispose();
            return error;
        }

        process = new SimulatedProcess(this, _driver, client!, cpu);
        _processes.Add(process);
        return Errno.None;
    }

    private string? Leak() =>
        _frames.AllocatedFrames != 0 ? $"no page frame is left at the end, but {_frames.AllocatedFrames} are" :
        _gpu.DmaMapper.MappedPages != 0 ? $"no DMA mapping is left at the end, but {_gpu.DmaMapper.MappedPages} are" :
        HeldLocks.Count != 0 ? $"no lock is held at the end, but {HeldLocks.Count} are" :
        _gpu.VideoMemory.AllocatedPages != 0 ? $"no page of video memory is left at the end, but {_gpu.VideoMemory.AllocatedPages} are" :
        _gpu.VideoMemory.AllocatedBytes != 0 ? $"no page table is left at the end, but {_gpu.VideoMemory.AllocatedBytes} bytes are" : null;
}
