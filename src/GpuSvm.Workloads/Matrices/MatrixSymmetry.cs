namespace GpuSvm.Workloads;

/// <summary>Which entries of a matrix a Matrix Market file lists.</summary>
public enum MatrixSymmetry
{
    /// <summary>All.</summary>
    General,

    /// <summary>Those on and below the diagonal of a square matrix; each below it stands for its mirror image too.</summary>
    Symmetric,
}
