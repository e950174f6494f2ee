namespace GpuSvm.Mutate.Edits;

/// <summary>What an edit does to the code.</summary>
public enum MutationKind
{
    /// <summary>A condition means its opposite.</summary>
    Negate,

    /// <summary>A call is left out.</summary>
    Drop,

    /// <summary>Two neighbouring statements change places.</summary>
    Swap,
}
