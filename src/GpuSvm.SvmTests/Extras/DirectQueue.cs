namespace GpuSvm.SvmTests;

/// <summary>A channel, with batches written by one CPU thread, and a fence in shared memory.</summary>
internal sealed class DirectQueue
{
    private readonly SvmMachine _machine;
    private readonly GpuClient _client;
    private readonly Channel _channel;

    public DirectQueue(SvmMachine machine, GpuClient client, int thread = 0)
    {
        _machine = machine;
        _client = client;
        _channel = client.Join();
        Cpu = client.Process.Thread(thread);
        Fence = client.Process.Reserve(Page.Size, Page.Size);
        client.Process.MapSharedAt(Fence, Page.Size);
    }

    /// <summary>The thread that writes batches.</summary>
    public CpuThread Cpu { get; }

    /// <summary>Where execs store their fence.</summary>
    public VirtualAddress Fence { get; }

    /// <summary>Has the CPU write a batch.</summary>
    public void Write(VirtualAddress record, ExecBatch batch)
    {
        byte[] bytes = new byte[ExecRecord.BatchSize];
        Cpu.Read(record, bytes);
        batch.WriteTo(bytes);
        Cpu.Write(record, bytes);
    }

    /// <summary>Runs the batch at an address to its end.</summary>
    public LaunchResult Submit(VirtualAddress record) => _machine.Await(_client.Submit(_channel, record));

    /// <summary>Runs the batch at an address, and stops the test unless it succeeds and has stored its fence.</summary>
    public void Run(VirtualAddress record, ulong fence, VirtualAddress? at = null)
    {
        LaunchResult result = Submit(record);
        Expect.That(result.Succeeded, $"the exec at {record} ended as {result.Status}: {result.Fault} {result.Exception?.Message}");
        Expect.Equal(fence, Cpu.Load<ulong>(at ?? Fence), "the fence");
    }

    /// <summary>Writes a batch that stores to its own record, and runs it.</summary>
    public void RunOwn(VirtualAddress record, ulong value)
    {
        Write(record, new ExecBatch(record + ExecRecord.Data, value, Fence));
        Run(record, value);
        Expect.Equal(value, Cpu.Load<ulong>(record + ExecRecord.Data), "what the GPU has stored");
    }

    /// <summary>Gives channel and fence back.</summary>
    public void Leave()
    {
        _client.Part(_channel);
        _client.Process.Unmap(Fence, Page.Size);
    }
}
