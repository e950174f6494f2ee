namespace GpuSvm.SvmTests;

/// <summary>What an exec is given.</summary>
/// <param name="Batch">Address of its <see cref="ExecRecord"/>.</param>
internal readonly record struct ExecArgs(VirtualAddress Batch);
