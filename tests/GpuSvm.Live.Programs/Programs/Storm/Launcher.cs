namespace GpuSvm.Live.Programs.Storm;

/// <summary>Has the GPU count, store and check, and checks what it did. Pages that the GPU touched first are minor faults.</summary>
internal sealed class Launcher(string name, int seed, IStormMemory memory, StormArgs places) : StormWorker(name, seed)
{
    private const int Grid = 4;
    private const int Block = 32;
    private long _round;

    /// <inheritdoc/>
    protected override void Step()
    {
        StormArgs args = places with { Round = ++_round };
        Touching.Discard(args.Fresh, args.FreshPages);
        for (ulong thread = 0; thread < Grid * Block; thread++)
        {
            Touching.Store(StormKernel.CpuWord(args.Counters, thread), (ulong)_round);
        }

        memory.Launch(Grid, Block, args);
        for (ulong thread = 0; thread < Grid * Block; thread++)
        {
            Check.Equal((ulong)_round, Touching.Load(args.Counters + (8 * thread)), $"launches that thread {thread} has counted");
            ulong expected = (ulong)StormKernel.FreshValue(_round, thread);
            Check.Equal(expected, Touching.Load(StormKernel.FreshWord(args, thread)), $"what thread {thread} stored first");
        }
    }
}
