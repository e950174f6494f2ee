namespace GpuSvm.SvmTests;

/// <summary>The command streamer of the tests: a kernel of one thread that carries a batch out.</summary>
internal static class ExecKernel
{
    /// <summary>Carries out the batch at an address.</summary>
    public static async GpuTask RunAsync(GpuThread t, ExecArgs args)
    {
        VirtualAddress batch = args.Batch;
        VirtualAddress target = await t.Load<ulong>(batch + ExecRecord.Target);
        ulong value = await t.Load<ulong>(batch + ExecRecord.Value);
        ulong count = await t.Load<ulong>(batch + ExecRecord.Count);
        ulong interval = await t.Load<ulong>(batch + ExecRecord.Interval);
        var command = (ExecCommand)await t.Load<ulong>(batch + ExecRecord.Command);
        ulong peek = await t.Load<ulong>(batch + ExecRecord.Peek);
        VirtualAddress fence = await t.Load<ulong>(batch + ExecRecord.FenceTarget);
        if (peek != 0)
        {
            ulong peeked = await t.Load<ulong>(peek);
            await t.Store(batch + ExecRecord.Peeked, peeked);
        }

        for (ulong i = 0; i < count; i++)
        {
            VirtualAddress place = target + (i * interval);
            if (command == ExecCommand.Increment)
            {
                await t.AtomicAdd(place, 1UL);
            }
            else
            {
                await t.Store(place, value);
            }
        }

        await t.Store(fence, value);
    }
}
