namespace GpuSvm.Core;

/// <summary>Chooses among all threads that can run, each with the same chance.</summary>
/// <param name="seed">Any number; equal seeds choose equally.</param>
public sealed class RandomSchedule(ulong seed) : ISchedule
{
    // Seeds are mostly small numbers, whose first xorshift outputs are alike; the multiplier spreads them.
    private readonly SeededRandom _random = new(unchecked((seed + 1) * 0x9e3779b97f4a7c15UL));

    /// <inheritdoc/>
    public int Choose(in ScheduleChoice choice) => choice.Candidates[_random.Next(choice.Candidates.Length)];
}
