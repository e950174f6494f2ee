using System.Text.Json;
using System.Text.Json.Serialization;
using GpuSvm.Cli.Explore;
using GpuSvm.Core;

namespace GpuSvm.Cli.Output;

/// <summary>The lines by which the processes of an exploration tell what they saw.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(ExplorePart))]
internal sealed partial class JsonLines : JsonSerializerContext
{
    /// <summary>The line of a part.</summary>
    public static string Write(ExplorePart part) => JsonSerializer.Serialize(part, Default.ExplorePart);

    /// <summary>Reads a line.</summary>
    /// <exception cref="SvmException">It is none.</exception>
    public static ExplorePart ReadPart(string line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, Default.ExplorePart)!;
        }
        catch (JsonException)
        {
            throw new SvmException(Errno.EIO, $"A process of the exploration printed what is no result: {line}");
        }
    }
}
