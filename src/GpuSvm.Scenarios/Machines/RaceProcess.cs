namespace GpuSvm.Scenarios;

/// <summary>An address space and the CPU that runs in it.</summary>
internal sealed record RaceProcess(AddressSpace Mm, SimulatedCpu Cpu)
{
    /// <summary>One thread of the CPU.</summary>
    public CpuThread Thread(int index) => Cpu.Thread(index);
}
