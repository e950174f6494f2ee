using System.Runtime.CompilerServices;

namespace GpuSvm.Gpu;

/// <summary>Moves the bytes of one command after another, a piece inside one page at a time. Used by one thread at a time.</summary>
internal sealed unsafe class CopyMover(Iommu iommu, VideoMemory video)
{
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
            ulong destination = command.Destination.Address + done;
            size = Math.Min(command.Bytes - done, Page.Size - (destination & Page.OffsetMask));
            if (command.Source is { } source)
            {
                size = Math.Min(size, Page.Size - ((source.Address + done) & Page.OffsetMask));
            }

            if (SharedWord.Read(ref job.IsGivenUp))
            {
                return Errno.ETIMEDOUT;
            }

            if (!TryMovePiece(command, done, (uint)size))
            {
                return Errno.EIO;
            }
        }

        return Errno.None;
    }

    private bool TryMovePiece(in CopyCommand command, ulong done, uint size)
    {
        if (!TryReach(command.Destination, done, Iommu.WriteRight, out byte* destination))
        {
            return false;
        }

        if (command.Source is not { } source)
        {
            // SAFETY: the piece lies inside one page, which was found just now.
            Unsafe.InitBlockUnaligned(destination, 0, size);
            return true;
        }

        if (!TryReach(source, done, Iommu.ReadRight, out byte* from))
        {
            return false;
        }

        // SAFETY: as above, for both pages.
        Unsafe.CopyBlockUnaligned(destination, from, size);
        return true;
    }

    private bool TryReach(in CopyOperand operand, ulong done, ulong rights, out byte* at)
    {
        ulong address = operand.Address + done;
        if (!operand.IsVideoMemory)
        {
            return iommu.TryReach(address, rights, out at);
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
