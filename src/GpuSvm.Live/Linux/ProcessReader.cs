namespace GpuSvm.Live;

/// <summary>Reads another process's memory. Source: process_vm_readv(2).</summary>
internal static unsafe class ProcessReader
{
    private static readonly nint GetThreadId =
        System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture == System.Runtime.InteropServices.Architecture.Arm64 ? 178 : 186;

    /// <summary>The kernel's number of the calling thread.</summary>
    public static uint ThreadId => (uint)Libc.SystemCall(GetThreadId, 0, 0, 0, 0);

    /// <summary>Reads a range.</summary>
    /// <param name="processId">The process.</param>
    /// <param name="range">What is read.</param>
    /// <param name="target">Room for it.</param>
    /// <param name="doneBytes">How far it came.</param>
    /// <returns>EFAULT where nothing is to be read behind that; EPERM where the system guards processes of one user from each other.</returns>
    public static Errno Read(int processId, AddressRange range, byte* target, out ulong doneBytes)
    {
        var local = new MessagePiece { Start = target, Length = (nuint)range.Length };
        var remote = new MessagePiece { Start = (byte*)range.Start.Value, Length = (nuint)range.Length };

        // SAFETY: the caller has room for as many bytes; what lies in the other process the kernel looks at.
        nint done = Libc.ReadProcess(processId, &local, 1, &remote, 1, 0);
        doneBytes = done < 0 ? 0 : (ulong)done;
        return done < 0 ? Libc.LastError : doneBytes == range.Length ? Errno.None : Errno.EFAULT;
    }
}
