namespace GpuSvm.Live;

/// <summary>Reads the messages of a live process and serves its faults: the thread that keeps the process going.</summary>
/// <remarks>
/// A fault with nothing waiting before it is served on the spot, if the mmap lock can be had without waiting: no other thread has to be
/// woken for it. Everything else goes to <see cref="EventWorker"/>, in order. So reading never waits for the address space, and a process
/// that unmaps is held up only for as long as one fault takes.
/// Source: userfaultfd(2), Linux fs/userfaultfd.c.
/// </remarks>
internal sealed class FaultPump : IDisposable
{
    private const int BatchSize = 16;

    private readonly LiveProcess _process;
    private readonly Userfaultfd _userfaultfd;
    private readonly MessageQueue _messages;
    private readonly AddressSpace _mm;
    private readonly IEventObserver _observer;
    private readonly StopEvent _stop = new();
    private readonly SvmThread _thread;

    /// <summary>Starts to read.</summary>
    public FaultPump(LiveProcess process, IEventObserver observer)
    {
        _process = process;
        _userfaultfd = process.Userfaultfd;
        _messages = process.Messages;
        _mm = process.Mm;
        _observer = observer;
        _thread = SvmThread.Start("userfault pump", Run);
    }

    /// <summary>What a fault message says was tried.</summary>
    public static CpuAccess AccessOf(in UffdMessage message) =>
        message.IsWrite || message.IsWriteProtect ? CpuAccess.Write : CpuAccess.Read;

    /// <summary>Stops reading.</summary>
    public void Dispose()
    {
        _stop.Set();
        _thread.Join();
        _stop.Dispose();
    }

    private void Run()
    {
        try
        {
            Pump();
        }
        catch (Exception failure)
        {
            _observer.OnFailed(failure);
        }
    }

    private void Pump()
    {
        Span<UffdMessage> batch = stackalloc UffdMessage[BatchSize];
        Span<bool> readable = stackalloc bool[2];
        while (true)
        {
            PollSet.Wait([_userfaultfd.Descriptor, _stop.Descriptor], timeout: null, readable);
            if (readable[1])
            {
                return;
            }

            int count = _messages.ReadFaults(batch);
            foreach (ref readonly UffdMessage fault in batch[..count])
            {
                _process.Learn(fault.ThreadId);
                if (!_mm.TryHandleFault(fault.Address, AccessOf(fault), out Errno error) || error != Errno.None)
                {
                    _messages.Add(fault);
                }
            }

            if (count > 0)
            {
                _messages.FinishFaults(count);
            }
        }
    }
}
