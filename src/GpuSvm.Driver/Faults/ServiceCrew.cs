using System.Runtime.ExceptionServices;

namespace GpuSvm.Driver;

/// <summary>The threads that help with a batch: they sleep until there is enough work, and take pieces of it until none is left.</summary>
/// <remarks>
/// <para>
/// A large batch is fetched, then prepared, then served; a small one is only served. Each of these is opened and closed.
/// <c>_state</c> counts who is at work; its sign bit says that the work is closed. A helper that wakes late finds it closed and sleeps on,
/// so nobody waits for it. Who closes waits only for helpers that are in the middle of a piece.
/// </para>
/// <para>
/// To wake a thread takes longer than to serve a batch of 256. So where there is more than one processor a helper looks for the next batch
/// for about as long before it sleeps.
/// </para>
/// <para>
/// Helpers hold no lock of the driver: the coordinator holds the SVM lock for them. An exception of a helper is thrown to the coordinator.
/// </para>
/// </remarks>
internal sealed class ServiceCrew : IDisposable
{
    private const int Closed = int.MinValue;
    private const int Awake = 0;
    private const int Asleep = 1;

    // A batch this many times as large as one that a helper is woken for takes long enough to fetch.
    private const int EarlyFactor = 16;

    // About as long as the system takes to wake a thread.
    private static readonly TimeSpan LookingTime = TimeSpan.FromMicroseconds(50);

    private readonly int _faultsPerHelper;
    private readonly Action<int> _work;
    private readonly SvmThread[] _threads;
    private readonly WakeEvent[] _wakes;
    private readonly WakeEvent _idle = new();
    private readonly bool _looks = Environment.ProcessorCount > 1 && !Exploration.Enabled;

    // Which helpers sleep, or are about to.
    private readonly int[] _sleeps;
    private int _state = Closed;

    // Number of batches that were opened: changed after the state, so that who sees the change finds the batch open, or closed again.
    private int _opened;
    private bool _isStopping;
    private Exception? _failure;

    /// <summary>Starts the helpers.</summary>
    /// <param name="helpers">How many, beside the coordinator.</param>
    /// <param name="faultsPerHelper">Fewest faults of a batch for each helper that is woken.</param>
    /// <param name="work">Takes pieces until none is left; called with the number of the worker, 1 or more.</param>
    public ServiceCrew(int helpers, int faultsPerHelper, Action<int> work)
    {
        _faultsPerHelper = faultsPerHelper;
        _work = work;
        _threads = new SvmThread[helpers];
        _wakes = new WakeEvent[helpers];
        _sleeps = new int[helpers];
        for (int i = 0; i < helpers; i++)
        {
            int helper = i;
            _wakes[i] = new WakeEvent();
            _threads[i] = SvmThread.Start($"svm fault helper {i + 1}", () => Run(helper));
        }
    }

    /// <summary>True for a batch that is large enough to be fetched and prepared by several.</summary>
    public bool IsLarge(int faults) => faults >= EarlyFactor * _faultsPerHelper;

    /// <summary>Opens a piece of work, and wakes as many helpers as it has work for.</summary>
    /// <param name="pieces">What it is made of: blocks, or parts of a batch.</param>
    /// <param name="faults">Number of faults.</param>
    /// <returns>False if it has work for none: then <see cref="Close"/> is not called.</returns>
    public bool TryOpen(int pieces, int faults)
    {
        int helpers = Math.Min(Math.Min(_threads.Length, pieces - 1), faults / _faultsPerHelper);
        if (helpers <= 0)
        {
            return false;
        }

        SharedWord.Write(ref _state, 0);
        SharedWord.Add(ref _opened, 1);
        Wake(helpers);
        return true;
    }

    /// <summary>Ends the work: on return no helper touches it any more.</summary>
    /// <exception cref="Exception">What a helper threw.</exception>
    public void Close()
    {
        if (SharedWord.Add(ref _state, Closed) != Closed)
        {
            LookUntilIdle();
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
        int seen = 0;
        while (!SharedWord.Read(ref _isStopping))
        {
            int opened = SharedWord.Read(ref _opened);
            if (opened == seen)
            {
                AwaitBatch(helper, seen);
                continue;
            }

            seen = opened;
            if (TryJoin())
            {
                Work(helper + 1);
                if (SharedWord.Add(ref _state, -1) == Closed)
                {
                    _idle.Set();
                }
            }
        }
    }

    /// <summary>Waits until a batch is opened, or for no reason: look again.</summary>
    private void AwaitBatch(int helper, int seen)
    {
        Deadline looking = Clock.Monotonic.After(LookingTime);
        var spin = default(Spin);
        while (_looks && !looking.HasPassed)
        {
            if (SharedWord.Read(ref _opened) != seen || SharedWord.Read(ref _isStopping))
            {
                return;
            }

            spin.Once();
        }

        // Who opens a batch after this finds the helper asleep; what was opened before the helper sees here.
        SharedWord.Exchange(ref _sleeps[helper], Asleep);
        if (SharedWord.Read(ref _opened) == seen && !SharedWord.Read(ref _isStopping))
        {
            _wakes[helper].Wait();
        }

        SharedWord.Write(ref _sleeps[helper], Awake);
    }

    private void LookUntilIdle()
    {
        Deadline looking = Clock.Monotonic.After(LookingTime);
        var spin = default(Spin);
        while (_looks && SharedWord.Read(ref _state) != Closed && !looking.HasPassed)
        {
            spin.Once();
        }
    }

    private void Wake(int helpers)
    {
        for (int helper = 0; helper < helpers; helper++)
        {
            if (SharedWord.Exchange(ref _sleeps[helper], Awake) == Asleep)
            {
                _wakes[helper].Set();
            }
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
