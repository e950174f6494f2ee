namespace GpuSvm;

/// <summary>A GPU kernel: a static async method that every thread of a launch runs.</summary>
/// <param name="thread">The thread that runs it: who it is and how it reaches memory.</param>
/// <param name="args">The launch's arguments: one unmanaged struct of addresses and numbers.</param>
/// <typeparam name="TArgs">Type of the arguments.</typeparam>
public delegate GpuTask GpuKernel<TArgs>(GpuThread thread, TArgs args);
