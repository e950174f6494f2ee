namespace GpuSvm.SvmTests;

/// <summary>What a test runs on: a memory, GPUs with their drivers, and processes.</summary>
internal sealed class SvmMachine : IDisposable
{
    private readonly SvmTestOptions _options;
    private readonly Action<Task> _wait;
    private readonly SystemMemory _memory;
    private readonly List<SvmGpu> _gpus = [];
    private readonly List<SvmProcess> _processes = [];

    /// <summary>Makes a machine without a GPU or a process.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="size">How much it has.</param>
    /// <param name="wait">Waits until a task has completed.</param>
    public SvmMachine(SvmTestOptions options, MachineSize size, Action<Task> wait)
    {
        _options = options;
        _wait = wait;
        Size = size;
        Random = new SeededRandom(options.Seed);
        _memory = new SystemMemory(size.SystemPages);
        Frames = new PageFrames(_memory, new PageFramesOptions { Seed = options.Seed });
    }

    public MachineSize Size { get; }

    /// <summary>Where the driver has pages live once the GPU has touched them.</summary>
    public SvmResidency Placement => _options.Placement;

    public SeededRandom Random { get; }

    public PageFrames Frames { get; }

    /// <summary>Adds a GPU.</summary>
    /// <param name="sms">Number of its SMs: of execs that run at the same time.</param>
    /// <param name="videoMemory">Its memory; that of the machine's size by default.</param>
    public SvmGpu AddGpu(int sms = 1, ByteSize? videoMemory = null)
    {
        var gpu = new SvmGpu(_memory, new SoftwareGpuOptions
        {
            Seed = _options.Seed,
            Sms = Math.Min(sms, Size.MostSms),
            WarpsPerSm = 1,
            Execution = Size.Execution,
            FaultBufferEntries = 64,
            VideoMemory = videoMemory ?? Size.VideoMemory,
        });
        SvmDriverOptions driver = _options.DriverOptions;
        gpu.Start(driver with
        {
            Ranges = driver.Ranges with { ChunkSizes = Size.ChunkSizes },
            Servicing = Size.Execution == ExecutionMode.Sequential ? FaultServicing.InInterrupt : FaultServicing.OnWorker,
            DevicePages = new DevicePagesOptions(Frames),
        });
        _gpus.Add(gpu);
        return gpu;
    }

    /// <summary>Starts a process.</summary>
    /// <param name="cpuThreads">Number of its threads.</param>
    public SvmProcess AddProcess(int cpuThreads)
    {
        var cpu = new SimulatedCpu(_memory, cpuThreads);
        var process = new SvmProcess(_memory, cpu, new AddressSpace(Frames, cpu, new AddressSpaceOptions { Seed = _options.Seed }));
        _processes.Add(process);
        return process;
    }

    /// <summary>Waits until a task has completed.</summary>
    public T Await<T>(Task<T> task)
    {
        _wait(task);
        return task.GetAwaiter().GetResult();
    }

    /// <summary>Runs bodies, each on a thread of its own, and waits for all.</summary>
    /// <exception cref="AggregateException">One of them failed.</exception>
    public static void RunAll(IReadOnlyList<Action> bodies)
    {
        SvmThread[] threads = [.. bodies.Select((body, i) => SvmThread.Start($"thread {i}", body))];
        Exception? first = null;
        foreach (SvmThread thread in threads)
        {
            try
            {
                thread.Join();
            }
            catch (AggregateException ended)
            {
                first ??= ended.InnerException;
            }
        }

        if (first is not null)
        {
            throw new SvmExpectationException(SvmTest.Describe(first));
        }
    }

    /// <summary>Ends all processes and GPUs, and looks that nothing is left of them.</summary>
    public void End()
    {
        _gpus.ForEach(gpu => gpu.CloseAll());
        _processes.ForEach(process => process.End());
        _gpus.ForEach(gpu => gpu.End());
        Expect.Equal(0L, Frames.AllocatedFrames, "page frames left");
        Expect.Equal(0, HeldLocks.Count, "locks left");
    }

    public void Dispose()
    {
        _gpus.ForEach(gpu => gpu.Dispose());
        _processes.ForEach(process => process.Dispose());
        Frames.Dispose();
        _memory.Dispose();
    }
}
