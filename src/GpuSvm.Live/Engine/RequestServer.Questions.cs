namespace GpuSvm.Live;

/// <content>Requests whose answer says more than that they are done.</content>
internal sealed partial class RequestServer
{
    private void Ask(ReceivedMessage message)
    {
        switch (message.Kind)
        {
            case MessageKind.GetAdvice:
                Reply(MessageKind.AdviceReply, message.Id, session.GetAdvice(message.Body<PagesRequest>().DemandPages()));
                break;

            case MessageKind.Pin:
                long pin = session.Pin(message.Body<PagesRequest>().DemandPages());
                Reply(MessageKind.Pinned, message.Id, new PinnedReply { Pin = pin });
                break;

            case MessageKind.Residency:
                Reply(MessageKind.ResidencyReply, message.Id, session.Residency(message.Body<PagesRequest>().DemandPages()));
                break;

            case MessageKind.Ranges:
                Reply(MessageKind.RangesReply, message.Id, session.Ranges(message.Body<RangesRequest>().Address));
                break;

            case MessageKind.DrainEvents:
                Reply(MessageKind.EventsReply, message.Id, session.DrainEvents());
                break;

            default:
                throw new ProtocolException($"{message.Kind} is not a request to an engine.");
        }
    }
}
