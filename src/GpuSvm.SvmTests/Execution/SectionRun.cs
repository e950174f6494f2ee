namespace GpuSvm.SvmTests;

/// <summary>One thread's work in a test: buffers, execs on them, and what must be in them then.</summary>
/// <remarks>Source: IGT, tests/intel/xe_exec_system_allocator.c, test_exec; docs/svm-tests.md says what differs.</remarks>
internal sealed partial class SectionRun
{
    /// <summary>Number of CPU threads that a run needs.</summary>
    public const int CpuThreads = 2;

    private const int Places = 4;

    /// <summary>Most execs of a section that takes huge pages for each of them.</summary>
    private const int MostHugeBuffers = 4;

    private readonly SvmMachine _machine;
    private readonly GpuClient _client;
    private readonly SvmSection _section;
    private readonly SvmWrapper _wrapper;
    private readonly BufferAllocator _allocator;
    private readonly List<TestBuffer> _kept = [];
    private readonly CpuThread _cpu;
    private readonly int _worker;
    private readonly SeededRandom _random;
    private readonly ulong _placeBytes;
    private TestBuffer? _current;

    /// <summary>Sets a run up; it takes no memory yet.</summary>
    /// <param name="machine">The machine.</param>
    /// <param name="client">The process and the GPU.</param>
    /// <param name="section">What memory.</param>
    /// <param name="wrapper">How much of it.</param>
    /// <param name="worker">Which of the process's runs it is, from 0 on.</param>
    public SectionRun(SvmMachine machine, GpuClient client, SvmSection section, SvmWrapper wrapper, int worker)
    {
        _machine = machine;
        _client = client;
        _section = section;
        _wrapper = section.Flags.HasFlag(SectionFlags.New | SectionFlags.HugePages)
            ? wrapper with { Execs = Math.Min(MostHugeBuffers, wrapper.Execs) }
            : wrapper;
        _worker = worker;
        _cpu = client.Process.Thread(worker * CpuThreads);
        _random = machine.Random.Fork((ulong)worker);
        ulong records = Page.Count((ulong)(_wrapper.Execs * _wrapper.Stride * ExecRecord.Size)) * Page.Size;
        _placeBytes = wrapper.SizeBytes != 0 ? wrapper.SizeBytes : section.Has(SectionFlags.HugePages) ? HugePage.Size : records;
        ulong size = section.Has(SectionFlags.MultiFault) ? Places * _placeBytes : _placeBytes;
        int most = section.Has(SectionFlags.New) && !section.Has(SectionFlags.Free) ? _wrapper.Execs : 1;
        _allocator = new BufferAllocator(client.Process, section, size, most, machine.Size);
    }

    private TestBuffer Buffer => _current!;

    private SvmProcess Process => _client.Process;

    /// <summary>True if no other thread has memory in this address space.</summary>
    private bool IsAlone => _wrapper.Spread is Spread.None or Spread.Processes;

    private bool LooksAtPairs => _section.Has(SectionFlags.EveryOtherCheck);

    /// <summary>Does the work, and frees all that it took.</summary>
    public void Run()
    {
        Channel[] queues = [.. Enumerable.Range(0, _wrapper.Queues).Select(_ => _client.Join())];
        TakeFences();
        Renew(0);
        for (int i = 0; i < _wrapper.Execs; i++)
        {
            if (i > 0 && _section.Has(SectionFlags.New))
            {
                Renew(i);
            }

            Step(i, queues[i % queues.Length]);
        }

        if (_section.Has(SectionFlags.Busy))
        {
            AskForTheAddresses();
        }

        _kept.ForEach(Leave);
        Leave(Buffer);
        _allocator.Leave();
        LeaveFences();
        Array.ForEach(queues, _client.Part);
    }

    /// <summary>Fails an explored schedule if the GPU may do more with a page of this run than the CPU's entry says, while nothing changes.</summary>
    public void CheckMirror()
    {
        if (Process.Space.Notifiers.ActiveInvalidations == 0)
        {
            CheckMirror(AddressRange.FromLength(_beside, _beside == default ? 0 : 2 * Page.Size));
            CheckMirror(_current?.Touched ?? default);
        }
    }

    /// <summary>One exec: its batch is written, its memory prefetched, it runs, its memory moves, and what it wrote is looked at.</summary>
    private void Step(int i, Channel queue)
    {
        PrepareBatches(i);
        MemoryAdvice advice = AdviceFor(i);
        if (advice != MemoryAdvice.None)
        {
            _client.Advise(Buffer.Touched, advice);
        }

        if (_section.Has(SectionFlags.Prefetch))
        {
            Prefetch();
        }

        Execute(i, queue);
        ExpectPlace(i, advice);
        if (_section.Has(SectionFlags.Remap))
        {
            Move();
        }

        bool isSecond = i % 2 == 1;
        if (LooksAtPairs && isSecond)
        {
            Look(i - 1);
        }

        if (!LooksAtPairs || isSecond || i == _wrapper.Execs - 1)
        {
            Look(i);
        }
    }

    /// <summary>Takes the next buffer.</summary>
    private void Renew(int i)
    {
        if (i > 0 && _section.Has(SectionFlags.Free))
        {
            Leave(Buffer);
        }
        else if (i > 0)
        {
            _kept.Add(Buffer);
        }

        _current = _allocator.Allocate(_cpu, _machine.Frames);
    }

    /// <summary>Looks at every byte of a buffer once more, and frees it.</summary>
    private void Leave(TestBuffer buffer)
    {
        buffer.Check(_cpu, 0, buffer.Image.Length, "the whole buffer in the end");
        AddressRange range = buffer.Range;
        _allocator.Free(buffer);
        ExpectGone(range, "a buffer that was freed");
    }

    /// <summary>Stops the test if the GPU has an entry where nothing is mapped any more; others may have taken the addresses meanwhile.</summary>
    private void ExpectGone(AddressRange range, string what)
    {
        if (!_allocator.IsHeap && IsAlone)
        {
            _client.ExpectGone(range, what);
        }
    }

    /// <summary>Asks the driver for the addresses of the buffers as the client's own: refused as long as they are mirrored.</summary>
    private void AskForTheAddresses()
    {
        Errno error = _client.Gpu.Driver.TryOpen(Process.Space, new SvmClientOptions { Unmanaged = Buffer.Range }, out _);
        Expect.Equal(Errno.EBUSY, error, "asking for addresses that are mirrored");
    }

    private void CheckMirror(AddressRange range)
    {
        for (VirtualAddress page = range.Start; page < range.End; page += Page.Size)
        {
            CpuPte entry = Process.Space.PageTable.Read(page);
            bool isHeld = entry.IsPresent || entry.IsDevicePrivate || entry.IsMigration || entry.IsDeviceExclusive;
            Check(isHeld || !_client.Client.Mirror.Grants(page, TranslationRights.Read), "The GPU has an entry for a page that the CPU does not hold.");
            Check(
                (entry.KeptRights & Protection.Write) != 0 || !_client.Client.Mirror.Grants(page, TranslationRights.Write),
                "The GPU may write a page that the CPU may not write.");
        }
    }

    private static void Check(bool holds, string sentence)
    {
        if (!holds)
        {
            throw new InvariantException(sentence);
        }
    }
}
