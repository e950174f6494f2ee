using Microsoft.Win32.SafeHandles;

namespace GpuSvm.Live;

/// <summary>What a process did to its mappings, and nobody has acted on yet.</summary>
/// <param name="Message">What was told.</param>
/// <param name="Child">Of a fork: the child's messages.</param>
internal readonly record struct MappingChange(UffdMessage Message, MessageQueue? Child)
{
    /// <summary>The change that a message tells, which is no fault; takes the descriptor over that it may bring.</summary>
    public static MappingChange Of(in UffdMessage message) => new(
        message,
        message.Event == UffdEvent.Fork
            ? new MessageQueue(new Userfaultfd(new SafeFileHandle((nint)message.ForkDescriptor, ownsHandle: true)))
            : null);

    /// <summary>True if pages of a range are others by now than before, or none.</summary>
    public bool Touches(AddressRange range) => Message.Event switch
    {
        UffdEvent.Remove => new AddressRange(Message.Start, Message.End).Overlaps(range),
        UffdEvent.Unmap => new AddressRange(Message.Start, Message.End).Overlaps(range) && !Breaks.EnteredBesideAChange,
        UffdEvent.Remap =>
            (From.Overlaps(range) || AddressRange.FromLength(Message.To, Message.Length).Overlaps(range)) && !Breaks.EnteredBesideAChange,
        _ => false,
    };

    /// <summary>Of a move: where the pages of a range are now, as far as they have moved.</summary>
    public AddressRange Moved(AddressRange range)
    {
        AddressRange part = From.Intersect(range);
        return part.IsEmpty ? default : AddressRange.FromLength(unchecked(part.Start.Value - Message.From + Message.To), part.Length);
    }

    private AddressRange From => AddressRange.FromLength(Message.From, Message.Length);
}
