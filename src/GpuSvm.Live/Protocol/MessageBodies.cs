using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace GpuSvm.Live;

/// <summary>Which body belongs to which kind of message, and its JSON.</summary>
internal static class MessageBodies
{
    private static readonly FrozenDictionary<MessageKind, Type> Types = new Dictionary<MessageKind, Type>
    {
        [MessageKind.Hello] = typeof(HelloRequest),
        [MessageKind.Ready] = typeof(ReadyReply),
        [MessageKind.Reserve] = typeof(ReserveRequest),
        [MessageKind.Reserved] = typeof(ReservedReply),
        [MessageKind.Enter] = typeof(EnterRequest),
        [MessageKind.Drop] = typeof(DropRequest),
        [MessageKind.Launch] = typeof(LaunchRequest),
        [MessageKind.Launched] = typeof(LaunchReply),
        [MessageKind.Counters] = typeof(CountersRequest),
        [MessageKind.CountersReply] = typeof(CountersReply),
        [MessageKind.Query] = typeof(QueryRequest),
        [MessageKind.PageState] = typeof(PageStateReply),
        [MessageKind.WriteProtect] = typeof(WriteProtectRequest),
        [MessageKind.Close] = typeof(CloseRequest),
        [MessageKind.Done] = typeof(DoneReply),
        [MessageKind.Error] = typeof(ErrorReply),
        [MessageKind.Lend] = typeof(RingLayout),
        [MessageKind.Adopt] = typeof(AdoptRequest),
        [MessageKind.Adopted] = typeof(AdoptedReply),
        [MessageKind.GiveBack] = typeof(GiveBackRequest),
        [MessageKind.Greet] = typeof(GreetRequest),
        [MessageKind.LaunchNamed] = typeof(LaunchNamedRequest),
        [MessageKind.Watch] = typeof(WatchRequest),
        [MessageKind.Released] = typeof(ReleasedNotice),
        [MessageKind.Protect] = typeof(ProtectRequest),
        [MessageKind.Advise] = typeof(AdviseRequest),
        [MessageKind.GetAdvice] = typeof(PagesRequest),
        [MessageKind.AdviceReply] = typeof(AdviceReply),
        [MessageKind.Migrate] = typeof(PagesRequest),
        [MessageKind.Migrated] = typeof(MigratedReply),
        [MessageKind.Pin] = typeof(PagesRequest),
        [MessageKind.Pinned] = typeof(PinnedReply),
        [MessageKind.Unpin] = typeof(UnpinRequest),
        [MessageKind.Residency] = typeof(PagesRequest),
        [MessageKind.ResidencyReply] = typeof(ResidencyReply),
        [MessageKind.Ranges] = typeof(RangesRequest),
        [MessageKind.RangesReply] = typeof(RangesReply),
        [MessageKind.DrainEvents] = typeof(DrainEventsRequest),
        [MessageKind.EventsReply] = typeof(EventsReply),
        [MessageKind.Hold] = typeof(HoldNotice),
    }.ToFrozenDictionary();

    /// <summary>True if there is such a kind.</summary>
    internal static bool Knows(MessageKind kind) => Types.ContainsKey(kind);

    /// <summary>The type of the body of a kind that there is.</summary>
    internal static Type TypeOf(MessageKind kind) => Types[kind];

    /// <summary>The body of a message as UTF-8 JSON.</summary>
    /// <exception cref="ArgumentException">The body is of another kind.</exception>
    internal static byte[] Write<T>(MessageKind kind, T body)
    {
        return Types[kind] == typeof(T)
            ? JsonSerializer.SerializeToUtf8Bytes(body, InfoOf<T>())
            : throw new ArgumentException($"The body of a message {kind} is a {Types[kind].Name}, not a {typeof(T).Name}.", nameof(body));
    }

    /// <summary>The body of a message from its JSON.</summary>
    /// <exception cref="ProtocolException">The message is of another kind, or the JSON is not that of the body.</exception>
    internal static T Read<T>(MessageKind kind, ReadOnlySpan<byte> json)
    {
        if (Types[kind] != typeof(T))
        {
            throw new ProtocolException($"A message with a {typeof(T).Name} was expected, but {kind} came.");
        }

        try
        {
            return JsonSerializer.Deserialize(json, InfoOf<T>())
                ?? throw new ProtocolException($"The body of a message {kind} must be a JSON object, but it is null.");
        }
        catch (JsonException wrong)
        {
            throw new ProtocolException($"The body of a message {kind} is not the JSON of a {typeof(T).Name}: {wrong.Message}");
        }
    }

    private static JsonTypeInfo<T> InfoOf<T>() => (JsonTypeInfo<T>)LiveJson.Default.GetTypeInfo(typeof(T))!;
}
