namespace GpuSvm.Mm.Tests;

/// <summary>A further process of a <see cref="TestMachine"/>, with one CPU thread; its address space is made or forked.</summary>
internal sealed class TestProcess(TestMachine machine)
{
    public SimulatedCpu Cpu { get; } = new(machine.Memory, 1);

    public AddressSpace? Mm { get; set; }

    public CpuThread Thread => Cpu.Thread(0);

    /// <summary>Gives the process an address space without mappings.</summary>
    public AddressSpace Empty() => Mm = new AddressSpace(machine.Frames, Cpu, new AddressSpaceOptions());

    /// <summary>Makes the process a child of another.</summary>
    public Errno Fork(AddressSpace parent, AddressSpaceOptions? options = null)
    {
        Errno error = parent.TryFork(Cpu, options, out AddressSpace? child);
        Mm = child;
        return error;
    }
}
