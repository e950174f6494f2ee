using System.Text.Json.Serialization;

namespace GpuSvm.Live;

/// <summary>The JSON of all bodies, made by the compiler: nothing is left out, nothing is passed over.</summary>
[JsonSourceGenerationOptions(
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true, AllowDuplicateProperties = false)]
[JsonSerializable(typeof(HelloRequest))]
[JsonSerializable(typeof(ReadyReply))]
[JsonSerializable(typeof(ReserveRequest))]
[JsonSerializable(typeof(ReservedReply))]
[JsonSerializable(typeof(EnterRequest))]
[JsonSerializable(typeof(DropRequest))]
[JsonSerializable(typeof(LaunchRequest))]
[JsonSerializable(typeof(LaunchReply))]
[JsonSerializable(typeof(CountersRequest))]
[JsonSerializable(typeof(CountersReply))]
[JsonSerializable(typeof(QueryRequest))]
[JsonSerializable(typeof(PageStateReply))]
[JsonSerializable(typeof(WriteProtectRequest))]
[JsonSerializable(typeof(CloseRequest))]
[JsonSerializable(typeof(DoneReply))]
[JsonSerializable(typeof(ErrorReply))]
[JsonSerializable(typeof(WatchRequest))]
[JsonSerializable(typeof(ReleasedNotice))]
[JsonSerializable(typeof(ProtectRequest))]
[JsonSerializable(typeof(AdviseRequest))]
[JsonSerializable(typeof(PagesRequest))]
[JsonSerializable(typeof(AdviceReply))]
[JsonSerializable(typeof(MigratedReply))]
[JsonSerializable(typeof(PinnedReply))]
[JsonSerializable(typeof(UnpinRequest))]
[JsonSerializable(typeof(ResidencyReply))]
[JsonSerializable(typeof(RangesRequest))]
[JsonSerializable(typeof(RangesReply))]
[JsonSerializable(typeof(DrainEventsRequest))]
[JsonSerializable(typeof(EventsReply))]
[JsonSerializable(typeof(HoldNotice))]
internal sealed partial class LiveJson : JsonSerializerContext;
