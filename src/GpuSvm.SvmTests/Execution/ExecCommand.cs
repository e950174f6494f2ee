namespace GpuSvm.SvmTests;

/// <summary>How an exec writes.</summary>
internal enum ExecCommand : ulong
{
    /// <summary>It stores the value.</summary>
    Store,

    /// <summary>It adds 1, in one step.</summary>
    Increment,
}
