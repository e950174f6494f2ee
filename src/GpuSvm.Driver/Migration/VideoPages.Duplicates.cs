namespace GpuSvm.Driver;

/// <content>Duplicates of pages of system memory, which are worth less than what lives here.</content>
internal sealed partial class VideoPages
{
    /// <inheritdoc/>
    public Errno TryDuplicate(FrameNumber frame, out ulong address)
    {
        address = 0;
        Errno error = Memory.TryTakeSpare(out ulong page);
        if (error != Errno.None)
        {
            return error;
        }

        address = page << Page.Shift;
        error = _gpu.DmaMapper.TryMap(frame, 0, DmaDirection.ToDevice, out DeviceAddress source);
        if (error == Errno.None)
        {
            error = Run([CopyCommand.Copy(CopyOperand.System(source), CopyOperand.Video(address), Page.Size)]);
            _gpu.DmaMapper.Unmap(source, 0);
        }

        if (error != Errno.None)
        {
            EndDuplicate(address);
        }

        return error;
    }

    /// <inheritdoc/>
    public void EndDuplicate(ulong address) => Memory.GiveSpareBack(address >> Page.Shift);

    /// <inheritdoc/>
    /// <remarks>Duplicates of all clients: their next readers fault.</remarks>
    public int GiveUpSpare(int pages)
    {
        int ended = 0;
        foreach (SvmClient client in SharedWord.Read(ref _clients))
        {
            ended += client.Mirror.GiveUpDuplicates(pages - ended);
        }

        return ended;
    }
}
