using GpuSvm.Mutate.Edits;

namespace GpuSvm.Mutate.Killers;

/// <summary>What became of a mutation.</summary>
/// <param name="Mutation">The mutation.</param>
/// <param name="Compiles">False where the mutated code is no C#: it does not count.</param>
/// <param name="Killer">Who noticed, or null.</param>
/// <param name="Notice">What was noticed, or null.</param>
public sealed record Verdict(Mutation Mutation, bool Compiles, string? Killer, string? Notice)
{
    /// <summary>True for a mutation that nobody noticed.</summary>
    public bool Survived => Compiles && Killer is null;

    /// <inheritdoc/>
    public override string ToString()
    {
        string what = $"{Mutation.Name} (line {Mutation.Line}: {Mutation.Code})";
        return !Compiles ? $"no C#     {what}" : Survived ? $"SURVIVED  {what}" : $"killed    {what} by {Killer}: {Notice}";
    }
}
