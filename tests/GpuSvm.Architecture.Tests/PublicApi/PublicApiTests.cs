using System.Reflection;
using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.PublicApi;

/// <summary>What users compile against changes only on purpose.</summary>
public sealed class PublicApiTests
{
    private const string Approved = "tests/GpuSvm.Architecture.Tests/PublicApi/GpuSvm.txt";

    [Fact]
    public void The_public_face_is_as_approved()
    {
        string[] now = [.. ApiText.Of(FaceTypes())];
        string path = Path.Combine(Repository.Root, Approved);
        if (Environment.GetEnvironmentVariable("GPUSVM_UPDATE_API") == "1")
        {
            File.WriteAllText(path, string.Join('\n', now) + '\n');
        }

        string[] approved = File.Exists(path) ? File.ReadAllLines(path) : [];
        Assert.True(
            now.SequenceEqual(approved),
            $"The types of namespace GpuSvm differ from {Approved} (+ is new, - is gone)."
            + " If that is meant, run GPUSVM_UPDATE_API=1 ./test Architecture and commit the file.\n"
            + string.Join('\n', now.Except(approved).Select(line => $"+ {line}").Concat(approved.Except(now).Select(line => $"- {line}"))));
    }

    [Fact]
    public void A_type_is_written_as_one_line_and_one_for_each_member() => Assert.Equal(
        [
            "sealed class Example<T> : IDisposable",
            "    Example(int x)",
            "    T[] Values { get; init; }",
            "    bool TryGet<TKey>(in TKey key, out T value, long? after = default)",
            "    const int Two",
            "    ref T At(ulong index)",
            "    static Example<T> op_Addition(Example<T> a, Example<T> b)",
            "    void Dispose()",
        ],
        ApiText.Of([typeof(Example<>)]));

    private static IEnumerable<Type> FaceTypes() =>
        from file in Directory.EnumerateFiles(AppContext.BaseDirectory, "GpuSvm*.dll")
        from type in Assembly.LoadFrom(file).GetExportedTypes()
        where type.Namespace == "GpuSvm"
        select type;
}
