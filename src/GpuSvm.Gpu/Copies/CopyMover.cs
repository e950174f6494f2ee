using System.Runtime.CompilerServices;

namespace GpuSvm.Gpu;

/// <summary>Moves the bytes of one command after another, a run of pages at a time. Used by one thread at a time.</summary>
/// <remarks>A run ends where the next page of system memory lies elsewhere: page by page copying costs a third more.</remarks>
internal sealed unsafe class CopyMover(Iommu iommu, VideoMemory video)
{
    /// <summary>Most bytes of a run: after each one looks whether the job was given up.</summary>
    private const ulong LongestRun = 512 << 10;

    /// <summary>Refuses a command that no engine could do.</summary>
    /// <exception cref="ArgumentException">It has no bytes, or video memory ends before it does.</exception>
    internal void Require(in CopyCommand command)
    {
        bool fits = command.Bytes > 0 && Fits(command.Destination, command.Bytes) && (command.Source is not { } source || Fits(source, command.Bytes));
        if (!fits)
        {
            throw new ArgumentException($"{command} does not lie in memory.", nameof(command));
        }
    }

    /// <summary>Executes a command.</summary>
    /// <returns>EIO where the IOMMU lets nothing pass; ETIMEDOUT when the job was given up.</returns>
    internal Errno Move(in CopyCommand command, CopyJob job)
    {
        for (ulong done = 0, size; done < command.Bytes; done += size)
        {
            if (SharedWord.Read(ref job.IsGivenUp))
            {
                return Errno.ETIMEDOUT;
            }

            size = Math.Min(command.Bytes - done, LongestRun);
            if (!TryReach(command.Destination, done, Iommu.WriteRight, ref size, out byte* destination))
            {
                return Errno.EIO;
            }

            if (command.Source is not { } source)
            {
                // SAFETY: the run was found just now, and has as many bytes.
                Unsafe.InitBlockUnaligned(destination, 0, (uint)size);
            }
            else if (TryReach(source, done, Iommu.ReadRight, ref size, out byte* from))
            {
                // SAFETY: as above, for both runs: the second is at most as long as the first.
                Unsafe.CopyBlockUnaligned(destination, from, (uint)size);
            }
            else
            {
                return Errno.EIO;
            }
        }

        return Errno.None;
    }

    /// <summary>Finds the bytes of an operand, and makes the run shorter where they do not lie one behind the other.</summary>
    private bool TryReach(in CopyOperand operand, ulong done, ulong rights, ref ulong size, out byte* at)
    {
        ulong address = operand.Address + done;
        if (!operand.IsVideoMemory)
        {
            return iommu.TryReachRun(address, rights, ref size, out at);
        }

        // SAFETY: the command was compared with the size of the memory when it was handed in.
        at = video.Base + address;
        return true;
    }

    private bool Fits(in CopyOperand operand, ulong bytes)
    {
        ulong end = operand.IsVideoMemory ? video.SizeBytes : ulong.MaxValue;
        return operand.Address <= end && bytes <= end - operand.Address;
    }
}
