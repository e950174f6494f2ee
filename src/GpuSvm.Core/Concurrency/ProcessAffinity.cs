using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace GpuSvm.Core;

/// <summary>Which CPUs a process runs on: what a measurement fixes, so that it means the same each time. Linux only.</summary>
/// <remarks>Source: sched_setaffinity(2); a mask holds CPU n as bit n.</remarks>
public static partial class ProcessAffinity
{
    private const int MostCpus = 1024;
    private const int BitsPerWord = 64;

    /// <summary>Numbers of the CPUs that the calling thread may run on, ascending.</summary>
    /// <exception cref="SvmException">The system does not say.</exception>
    public static IReadOnlyList<int> Cpus
    {
        get
        {
            ulong[] mask = OwnMask();
            return [.. Enumerable.Range(0, MostCpus).Where(cpu => (mask[cpu / BitsPerWord] >> (cpu % BitsPerWord) & 1) != 0)];
        }
    }

    private static Errno LastError => (Errno)Marshal.GetLastPInvokeError();

    /// <summary>Has every thread of a process, and whatever they start from now on, run on one CPU.</summary>
    /// <param name="processId">The process: this one or a child of the same user.</param>
    /// <param name="cpu">The CPU's number.</param>
    /// <exception cref="SvmException">ESRCH: there is no such process; EINVAL: it may not use the CPU.</exception>
    /// <remarks>A thread that another one starts meanwhile may be missed: call it while the process starts none.</remarks>
    public static void Pin(int processId, int cpu)
    {
        ulong[] mask = MaskOf(cpu);
        string tasks = string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/task");
        if (!Directory.Exists(tasks))
        {
            throw new SvmException(Errno.ESRCH, $"There is no process {processId}.");
        }

        foreach (string task in Directory.GetDirectories(tasks))
        {
            // A thread may have ended since.
            int thread = int.Parse(Path.GetFileName(task), CultureInfo.InvariantCulture);
            bool pinned = SetAffinity(thread, MostCpus / 8, ref mask[0]) == 0;
            Demand(pinned || LastError == Errno.ESRCH, $"Process {processId} cannot be kept on CPU {cpu}.");
        }
    }

    /// <summary>Has the calling thread run on one CPU from now on.</summary>
    /// <param name="cpu">The CPU's number.</param>
    /// <exception cref="SvmException">EINVAL: this process may not use the CPU.</exception>
    public static void PinCurrentThread(int cpu)
    {
        ulong[] mask = MaskOf(cpu);
        Demand(SetAffinity(0, MostCpus / 8, ref mask[0]) == 0, $"This thread cannot run on CPU {cpu}.");
    }

    /// <summary>Starts a process that runs on one CPU from its first instruction on, so that its runtime sees one CPU too.</summary>
    /// <param name="cpu">The CPU's number.</param>
    /// <param name="start">What to start; without a shell.</param>
    /// <exception cref="SvmException">EINVAL: this process may not use the CPU.</exception>
    /// <remarks>A child inherits the CPUs of the thread that starts it; the thread has its own back when the call returns.</remarks>
    public static Process Start(int cpu, ProcessStartInfo start)
    {
        ArgumentNullException.ThrowIfNull(start);
        ulong[] before = OwnMask();
        PinCurrentThread(cpu);
        try
        {
            return Process.Start(start) ?? throw new SvmException(Errno.ESRCH, "The process did not start.");
        }
        finally
        {
            SetAffinity(0, MostCpus / 8, ref before[0]);
        }
    }

    private static ulong[] OwnMask()
    {
        ulong[] mask = new ulong[MostCpus / BitsPerWord];
        Demand(GetAffinity(0, MostCpus / 8, ref mask[0]) >= 0, "The CPUs of this thread are not known.");
        return mask;
    }

    private static ulong[] MaskOf(int cpu)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(cpu);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(cpu, MostCpus);
        ulong[] mask = new ulong[MostCpus / BitsPerWord];
        mask[cpu / BitsPerWord] = 1UL << (cpu % BitsPerWord);
        return mask;
    }

    private static void Demand(bool succeeded, string otherwise)
    {
        if (!succeeded)
        {
            throw new SvmException(LastError, otherwise);
        }
    }

    [LibraryImport("libc", EntryPoint = "sched_getaffinity", SetLastError = true)]
    private static partial int GetAffinity(int thread, nuint bytes, ref ulong mask);

    [LibraryImport("libc", EntryPoint = "sched_setaffinity", SetLastError = true)]
    private static partial int SetAffinity(int thread, nuint bytes, ref ulong mask);
}
