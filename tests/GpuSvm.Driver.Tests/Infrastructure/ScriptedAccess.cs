namespace GpuSvm.Driver.Tests.Infrastructure;

internal readonly record struct ScriptedAccessArgs(ulong Script);

/// <summary>A kernel whose threads do what an array in memory tells each of them.</summary>
internal static class ScriptedAccess
{
    /// <summary>Bytes of a thread's record: the address, the access, and room for what it read.</summary>
    public const int Size = 24;

    public static async GpuTask Kernel(GpuThread t, ScriptedAccessArgs a)
    {
        ulong record = a.Script + ((ulong)t.GlobalIndex * Size);
        ulong address = await t.Load<ulong>(record);
        switch ((FaultAccess)await t.Load<long>(record + 8))
        {
            case FaultAccess.Read:
                long read = await t.Load<long>(address);
                await t.Store(record + 16, read);
                break;
            case FaultAccess.Write:
                await t.Store(address, 1000L + t.GlobalIndex);
                break;
            case FaultAccess.Atomic:
                await t.AtomicAdd(address, 5L);
                break;
            default:
                await t.Prefetch(address);
                break;
        }
    }
}
