using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using GpuSvm.Cli.Explore;
using GpuSvm.Core;
using GpuSvm.Scenarios;

namespace GpuSvm.Cli.Output;

/// <summary>The lines by which the processes of an exploration tell what they saw.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ExplorePart))]
[JsonSerializable(typeof(SchedulePointSite))]
internal sealed partial class JsonLines : JsonSerializerContext
{
    /// <summary>The line of a part.</summary>
    public static string Write(ExplorePart part) => JsonSerializer.Serialize(part, Default.ExplorePart);

    /// <summary>The line of a schedule point.</summary>
    public static string Write(SchedulePointSite site) => JsonSerializer.Serialize(site, Default.SchedulePointSite);

    /// <summary>Reads the line of a part.</summary>
    /// <exception cref="SvmException">It is none.</exception>
    public static ExplorePart ReadPart(string line) => Read(line, Default.ExplorePart);

    /// <summary>Reads the line of a schedule point.</summary>
    /// <exception cref="SvmException">It is none.</exception>
    public static SchedulePointSite ReadSite(string line) => Read(line, Default.SchedulePointSite);

    private static T Read<T>(string line, JsonTypeInfo<T> type)
    {
        try
        {
            return JsonSerializer.Deserialize(line, type)!;
        }
        catch (JsonException)
        {
            throw new SvmException(Errno.EIO, $"A process of the exploration printed what is no result: {line}");
        }
    }
}
