using System.Text.Json;
using System.Text.Json.Serialization;
using GpuSvm.Cli.Bench;
using GpuSvm.Cli.Runs;
using GpuSvm.Cli.Runs.Graphs;
using GpuSvm.Cli.Runs.Lists;

namespace GpuSvm.Cli.Output;

/// <summary>Prints JSON documents; docs/cli.md holds their schema.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    WriteIndented = true)]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(FileInput))]
[JsonSerializable(typeof(GraphInput))]
[JsonSerializable(typeof(ListInput))]
[JsonSerializable(typeof(TextTotals))]
[JsonSerializable(typeof(HistogramResult))]
[JsonSerializable(typeof(BfsResult))]
[JsonSerializable(typeof(ListResult))]
[JsonSerializable(typeof(BenchDocument))]
internal sealed partial class JsonOutput : JsonSerializerContext
{
    /// <summary>Prints the document of a run.</summary>
    public static void Write(RunDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.RunDocument));

    /// <summary>Prints the document of a benchmark.</summary>
    public static void Write(BenchDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.BenchDocument));
}
