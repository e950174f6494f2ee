using System.Runtime.ExceptionServices;

namespace GpuSvm.Driver;

/// <summary>The threads that help to serve a batch: they sleep until there is enough work, and take blocks until none is left.</summary>
/// <remarks>
/// <para>
/// <c>_state</c> counts who is at work; its sign bit says that the batch is closed. A helper that wakes late finds it closed and sleeps on,
/// so nobody waits for it. Who closes waits only for helpers that are in the middle of a block.
/// </para>
/// <para>
/// Helpers hold no lock of the driver: the coordinator holds the SVM lock for them. An exception of a helper is thrown to the coordinator.
/// </para>
/// </remarks>
internal sealed class ServiceCrew : IDisposable
{
    private const int Closed = int.MinValue;

    private readonly int _faultsPerHelper;
    private readonly Action<int> _work;
    private readonly SvmThread[] _threads;
    private readonly WakeEvent[] _wakes;
    private readonly WakeEvent _idle = new();
    private int _state = Closed;
    private bool _isStopping;
    private Exception? _failure;

    /// <summary>Starts the helpers.</summary>
    /// <param name="helpers">How many, beside the coordinator.</param>
    /// <param name="faultsPerHelper">Fewest faults of a batch for each helper that is woken.</param>
    /// <param name="work">Takes blocks until none is left; called with the number of the worker, 1 or more.</param>
    public ServiceCrew(int helpers, int faultsPerHelper, Action<int> work)
    {
        _faultsPerHelper = faultsPerHelper;
        _work = work;
        _threads = new SvmThread[helpers];
        _wakes = new WakeEvent[helpers];
        for (int i = 0; i < helpers; i++)
        {
            int helper = i;
            _wakes[i] = new WakeEvent();
            _threads[i] = SvmThread.Start($"svm fault helper {i + 1}", () => Run(helper));
        }
    }

    /// <summary>Opens a batch, and wakes as many helpers as it has work for.</summary>
    /// <returns>False if it has work for none: then <see cref="Close"/> is not called.</returns>
    public bool TryOpen(int blocks, int faults)
    {
        int helpers = Math.Min(Math.Min(_threads.Length, blocks - 1), faults / _faultsPerHelper);
        if (helpers <= 0)
        {
            return false;
        }

        SharedWord.Write(ref _state, 0);
        foreach (WakeEvent wake in _wakes.AsSpan(0, helpers))
        {
            wake.Set();
        }

        return true;
    }

    /// <summary>Ends a batch: on return no helper touches it any more.</summary>
    /// <exception cref="Exception">What a helper threw.</exception>
    public void Close()
    {
        if (SharedWord.Add(ref _state, Closed) != Closed)
        {
            _idle.Wait();
        }

        if (SharedWord.Exchange(ref _failure, null) is { } failure)
        {
            ExceptionDispatchInfo.Throw(failure);
        }
    }

    /// <summary>Ends the helpers' threads. No batch is open.</summary>
    public void Dispose()
    {
        SharedWord.Write(ref _isStopping, true);
        foreach (WakeEvent wake in _wakes)
        {
            wake.Set();
        }

        foreach (SvmThread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Run(int helper)
    {
        _wakes[helper].Wait();
        while (!SharedWord.Read(ref _isStopping))
        {
            if (TryJoin())
            {
                Work(helper + 1);
                if (SharedWord.Add(ref _state, -1) == Closed)
                {
                    _idle.Set();
                }
            }

            _wakes[helper].Wait();
        }
    }

    private bool TryJoin()
    {
        int state = SharedWord.Read(ref _state);
        while (state >= 0)
        {
            int before = SharedWord.CompareExchange(ref _state, state + 1, state);
            if (before == state)
            {
                return true;
            }

            state = before;
        }

        return false;
    }

    private void Work(int worker)
    {
        try
        {
            _work(worker);
        }
        catch (Exception failure)
        {
            SharedWord.CompareExchange(ref _failure, failure, null);
        }
    }
}
