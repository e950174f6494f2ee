// The program of docs/tutorial.md. Each part between #region and #endregion is shown there, word for word.
#region using
using GpuSvm;
#endregion

#region machine
using var m = new Machine(new MachineOptions { Seed = 1, Sms = 4 });
SimulatedProcess p = m.StartProcess();
ulong a = p.Map(ByteSize.MiB(8), Protection.ReadWrite);
p.Cpu(0).Store(a, 42);
#endregion

#region launch
LaunchResult r = await m.Gpu.LaunchAsync(p, MyKernels.Increment, grid: 64, block: 32, new IncrementArgs(a, 1000));
Console.WriteLine($"{r.Status}: 42 became {p.Cpu(0).Load<int>(a)}");
#endregion

#region sum
ulong sum = p.Map(ByteSize.KiB(4), Protection.ReadWrite);
await m.Gpu.LaunchAsync(p, MyKernels.Sum, grid: 64, block: 32, new SumArgs(a, 1000, sum));
Console.WriteLine($"the sum is {p.Cpu(0).Load<long>(sum)}");
#endregion

#region change
p.Cpu(0).Store(a, 1_000_000);
await m.Gpu.LaunchAsync(p, MyKernels.Sum, grid: 64, block: 32, new SumArgs(a, 1000, sum));
Console.WriteLine($"both sums together are {p.Cpu(0).Load<long>(sum)}");
#endregion

#region unmap
p.Unmap(a, ByteSize.MiB(8));
r = await m.Gpu.LaunchAsync(p, MyKernels.Sum, grid: 1, block: 1, new SumArgs(a, 1000, sum));
Console.WriteLine($"{r.Status}: {r.Fault}");
#endregion
