namespace GpuSvm.Scenarios;

/// <summary>What GPU threads do in the scenarios.</summary>
internal static class RaceKernels
{
    /// <summary>Each thread loads from a page of its own, again and again.</summary>
    public static async GpuTask ReadOwnAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 0; i < args.Times; i++)
        {
            SmallMachine.DemandStored("The GPU", await t.Load<ulong>(SmallMachine.PageAt((int)t.GlobalIndex)));
        }
    }

    /// <summary>Every thread loads from the first page, again and again.</summary>
    public static async GpuTask ReadSameAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 0; i < args.Times; i++)
        {
            SmallMachine.DemandStored("The GPU", await t.Load<ulong>(SmallMachine.PageAt(0)), SmallMachine.Mark + 1);
        }
    }

    /// <summary>Every thread loads from the second page, then from the first, which is stored to first, again and again.</summary>
    public static async GpuTask ReadInOrderAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 0; i < args.Times; i++)
        {
            ulong later = await t.Load<ulong>(SmallMachine.PageAt(1));
            ulong earlier = await t.Load<ulong>(SmallMachine.PageAt(0));
            SmallMachine.DemandStored("The GPU", earlier, SmallMachine.Mark + (ulong)args.Times);
            SmallMachine.Demand(earlier >= later, $"Who sees a store sees the one before it: 0x{later:x}, but 0x{earlier:x}.");
        }
    }

    /// <summary>Every thread loads from the second page, again and again.</summary>
    public static async GpuTask ReadSecondAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 0; i < args.Times; i++)
        {
            SmallMachine.DemandStored("The GPU", await t.Load<ulong>(SmallMachine.PageAt(1)));
        }
    }

    /// <summary>Every thread stores 1, 2, 3… into the first page.</summary>
    public static async GpuTask CountAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 1; i <= args.Times; i++)
        {
            await t.Store(SmallMachine.PageAt(0), (ulong)i);
        }
    }

    /// <summary>Counts up in the second word of the first page, by plain stores.</summary>
    public static async GpuTask CountBesideAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 1; i <= args.Times; i++)
        {
            await t.Store(SmallMachine.Address + 8, (ulong)i);
        }
    }

    /// <summary>Each thread loads from a block of its own: the first from that of the pages, the second from the one behind.</summary>
    public static async GpuTask ReadBlocksAsync(GpuThread t, KernelArgs args)
    {
        VirtualAddress address = t.GlobalIndex == 0 ? SmallMachine.Address : SmallMachine.MovedAddress;
        for (int i = 0; i < args.Times; i++)
        {
            SmallMachine.DemandStored("The GPU", await t.Load<ulong>(address));
        }
    }

    /// <summary>Every thread adds 1 to the first word of the first page, again and again.</summary>
    public static async GpuTask AddAsync(GpuThread t, KernelArgs args)
    {
        for (int i = 0; i < args.Times; i++)
        {
            await t.AtomicAdd(SmallMachine.PageAt(0), 1UL);
        }
    }
}
