namespace GpuSvm.Workloads;

/// <summary>What a Matrix Market file says of each entry's value.</summary>
public enum MatrixField
{
    /// <summary>A decimal number, with or without fraction and exponent.</summary>
    Real,

    /// <summary>A whole number.</summary>
    Integer,

    /// <summary>Nothing: it is 1.</summary>
    Pattern,
}
