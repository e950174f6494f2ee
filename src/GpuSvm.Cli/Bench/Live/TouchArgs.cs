namespace GpuSvm.Cli.Bench.Live;

/// <summary>What the kernel of <see cref="LiveProcess"/> gets.</summary>
internal readonly record struct TouchArgs(VirtualAddress Base, long Pages);
