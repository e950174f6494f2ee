namespace GpuSvm.Core;

/// <summary>An invariant of GpuSvm itself does not hold: a bug in the library, never in the program that uses it.</summary>
public sealed class InvariantException : Exception
{
    /// <summary>Makes an exception that states the broken invariant.</summary>
    public InvariantException(string invariant)
        : base($"Invariant broken: {invariant}") => Invariant = invariant;

    /// <summary>The invariant, where the reader is told already that it is broken.</summary>
    internal string Invariant { get; }
}
