using System.Text.Json;
using System.Text.Json.Serialization;
using GpuSvm.Cli.Bench;
using GpuSvm.Cli.Bench.Evict;
using GpuSvm.Cli.Bench.Mirrors;
using GpuSvm.Cli.Explore;
using GpuSvm.Cli.Hmm;
using GpuSvm.Cli.Runs;
using GpuSvm.Cli.Runs.Graphs;
using GpuSvm.Cli.Runs.Joins;
using GpuSvm.Cli.Runs.Lists;
using GpuSvm.Cli.Runs.Matrices;
using GpuSvm.Cli.Runs.Sorting;
using GpuSvm.Cli.Runs.Streams;
using GpuSvm.Cli.SvmTesting;

namespace GpuSvm.Cli.Output;

/// <summary>Prints JSON documents; docs/cli.md holds their schema.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UseStringEnumConverter = true,
    WriteIndented = true)]
[JsonSerializable(typeof(RunDocument))]
[JsonSerializable(typeof(FileInput))]
[JsonSerializable(typeof(GraphInput))]
[JsonSerializable(typeof(ListInput))]
[JsonSerializable(typeof(TextTotals))]
[JsonSerializable(typeof(HistogramResult))]
[JsonSerializable(typeof(BfsResult))]
[JsonSerializable(typeof(ListResult))]
[JsonSerializable(typeof(MatrixInput))]
[JsonSerializable(typeof(ProductResult))]
[JsonSerializable(typeof(PageRankInput))]
[JsonSerializable(typeof(PageRankResult))]
[JsonSerializable(typeof(JoinInput))]
[JsonSerializable(typeof(JoinResult))]
[JsonSerializable(typeof(SortInput))]
[JsonSerializable(typeof(SortResult))]
[JsonSerializable(typeof(StreamInput))]
[JsonSerializable(typeof(StreamResult))]
[JsonSerializable(typeof(BenchDocument))]
[JsonSerializable(typeof(MirrorDocument))]
[JsonSerializable(typeof(EvictDocument))]
[JsonSerializable(typeof(ExploreDocument))]
[JsonSerializable(typeof(ExploreList))]
[JsonSerializable(typeof(ReviewDocument))]
[JsonSerializable(typeof(PointsDocument))]
[JsonSerializable(typeof(HmmTestsDocument))]
[JsonSerializable(typeof(HmmTestsList))]
[JsonSerializable(typeof(SvmTestsDocument))]
[JsonSerializable(typeof(SvmTestsList))]
internal sealed partial class JsonOutput : JsonSerializerContext
{
    /// <summary>Prints the document of a run.</summary>
    public static void Write(RunDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.RunDocument));

    /// <summary>Prints the document of a benchmark.</summary>
    public static void Write(BenchDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.BenchDocument));

    /// <summary>Prints what policies of eviction did.</summary>
    public static void Write(EvictDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.EvictDocument));

    /// <summary>Prints the document of the mirror strategies.</summary>
    public static void Write(MirrorDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.MirrorDocument));

    /// <summary>Prints the document of an exploration.</summary>
    public static void Write(ExploreDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.ExploreDocument));

    /// <summary>Prints the document of a review.</summary>
    public static void Write(ReviewDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.ReviewDocument));

    /// <summary>Prints the schedule points.</summary>
    public static void Write(PointsDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.PointsDocument));

    /// <summary>Prints what came of the HMM tests.</summary>
    public static void Write(HmmTestsDocument document) => Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.HmmTestsDocument));

    /// <summary>Prints what HMM tests there are.</summary>
    public static void Write(HmmTestsList list) => Console.Out.WriteLine(JsonSerializer.Serialize(list, Default.HmmTestsList));

    /// <summary>Prints what there is to explore.</summary>
    public static void Write(ExploreList list) => Console.Out.WriteLine(JsonSerializer.Serialize(list, Default.ExploreList));

    /// <summary>Prints the document of the SVM tests.</summary>
    public static void Write(SvmTestsDocument document) =>
        Console.Out.WriteLine(JsonSerializer.Serialize(document, Default.SvmTestsDocument));

    /// <summary>Prints which SVM tests there are.</summary>
    public static void Write(SvmTestsList list) => Console.Out.WriteLine(JsonSerializer.Serialize(list, Default.SvmTestsList));
}
