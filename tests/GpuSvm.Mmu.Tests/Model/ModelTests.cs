using Xunit.Abstractions;

namespace GpuSvm.Mmu.Tests.Model;

/// <summary>After each call an address space is what its model is; a class for each format, so that they run side by side.</summary>
/// <typeparam name="TFormat">The format.</typeparam>
public abstract class ModelTests<TFormat>(ITestOutputHelper output, int calls)
    where TFormat : struct, IPageTableFormat
{
    [Fact]
    public void The_space_agrees_with_its_model_after_every_call() => ModelRun.Make<TFormat>(calls, output);
}
