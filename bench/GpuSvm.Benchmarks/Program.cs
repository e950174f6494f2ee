using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.NoEmit;
using GpuSvm.Benchmarks.Core;
using Perfolizer.Horology;

// GpuSvm.Benchmarks --lock-ratio: the one figure that only turns of the two sides give.
if (args is ["--lock-ratio"])
{
    LockRatio.Print();
    return;
}

// GpuSvm.Benchmarks --filter '*Name*': many short iterations in this process, so that a class takes well under a minute and the least
// figure is hardly touched by what else the machine does.
Job job = new Job("short")
    .WithToolchain(InProcessNoEmitToolchain.Instance)
    .WithStrategy(RunStrategy.Throughput)
    .WithIterationTime(TimeInterval.FromMilliseconds(20))
    .WithLaunchCount(1)
    .WithWarmupCount(10)
    .WithIterationCount(30)
    .WithUnrollFactor(1);
ManualConfig config = ManualConfig.CreateEmpty()
    .AddJob(job)
    .AddLogger(ConsoleLogger.Default)
    .AddColumnProvider(DefaultColumnProviders.Descriptor, DefaultColumnProviders.Params)
    .AddColumn(StatisticColumn.Min, StatisticColumn.Median, StatisticColumn.Max)
    .AddDiagnoser(new MemoryDiagnoser(new MemoryDiagnoserConfig(displayGenColumns: false)))
    .AddColumnProvider(DefaultColumnProviders.Metrics)
    .WithOptions(ConfigOptions.JoinSummary);
BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
