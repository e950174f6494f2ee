using GpuSvm.Architecture.Tests.Infrastructure;

namespace GpuSvm.Architecture.Tests.Sources;

/// <summary>What the sources must look like, as far as text shows it.</summary>
public sealed class SourceTests
{
    private const int LineLimit = 400;
    private const int LinesUsual = 250;
    private const int TestLineLimit = 600;

    private static readonly SourceFile[] Sources = SourceFile.Below("src");
    private static readonly SourceFile[] Tests =
        [.. SourceFile.Below("tests"), .. SourceFile.Below("bench"), .. SourceFile.Below("samples")];

    [Fact]
    public void Unsafe_code_of_Core_lies_in_Memory() => Rule.Holds(
        "In Core, unsafe code stands in Memory/ only.",
        In("src/GpuSvm.Core/").Where(file => !IsIn(file, "src/GpuSvm.Core/Memory/")).SelectMany(file => file.Uses("unsafe")));

    [Fact]
    public void Unsafe_code_says_why_it_is_right() => Rule.Holds(
        "A member with an unsafe block or a pointer access carries '// SAFETY: ' with the reason.",
        Sources.SelectMany(file => file.UnsafeWithoutReason()));

    [Fact]
    public void Native_code_is_called_by_Live_and_by_the_memory_and_affinity_of_Core() => Rule.Holds(
        "LibraryImport and DllImport stand in Live, in Core/Memory and in the affinity file of Core/Concurrency.",
        Sources
            .Where(file => !IsIn(file, "src/GpuSvm.Live/") && !IsIn(file, "src/GpuSvm.Core/Memory/"))
            .Where(file => !IsIn(file, "src/GpuSvm.Core/Concurrency/") || !file.Path.Contains("Affinity", StringComparison.Ordinal))
            .SelectMany(file => file.Uses("LibraryImport").Concat(file.Uses("DllImport"))));

    [Fact]
    public void State_of_a_thread_is_kept_by_Core_alone() => Rule.Holds(
        "ThreadStatic and thread locals stand in Core/Concurrency and Core/Exploration only.",
        Sources
            .Where(file => !IsIn(file, "src/GpuSvm.Core/Concurrency/") && !IsIn(file, "src/GpuSvm.Core/Exploration/"))
            .SelectMany(file => file.Uses("ThreadStatic").Concat(file.Uses("ThreadLocal")).Concat(file.Uses("AsyncLocal"))));

    [Fact]
    public void Nothing_static_changes() => Rule.Holds(
        "State belongs to an object: no static field that is not readonly, no static setter, no static collection that can be changed.",
        Sources.SelectMany(file => file.MutableStatics()));

    [Fact]
    public void A_file_holds_one_public_type_and_is_named_for_it() => Rule.Holds(
        "A file X.cs (XOfT.cs, X.Part.cs) holds the public type X; only what belongs to it and begins with its name may stand beside it.",
        from file in Sources
        let stem = Path.GetFileName(file.Path).Split('.')[0]
        let name = stem.EndsWith("OfT", StringComparison.Ordinal) ? stem[..^3] : stem
        from type in file.PublicTypes
        where !type.StartsWith(name, StringComparison.Ordinal) || !file.PublicTypes.Contains(name)
        select $"{file.Path}: {type}");

    [Fact]
    public void Files_are_short()
    {
        string longer = string.Join(", ", Sources.Where(file => file.LineCount > LinesUsual).Select(Size));
        Rule.Holds(
            $"A file of src has at most {LineLimit} lines, usually {LinesUsual}. (Above that: {longer})",
            Sources.Where(file => file.LineCount > LineLimit).Select(Size));
        Rule.Holds(
            $"Any other file has at most {TestLineLimit} lines.",
            Tests.Where(file => file.LineCount > TestLineLimit).Select(Size));
    }

    [Theory]
    [InlineData("class A\n{\n    void M()\n    {\n        unsafe\n        {\n        }\n    }\n}\n", 5)]
    [InlineData("class A\n{\n    // SAFETY: it is.\n    int F() => 1;\n\n    unsafe void M(byte* p)\n    {\n    }\n}\n", 6)]
    [InlineData("unsafe class A\n{\n    byte* _p;\n\n    byte Read() => *_p;\n}\n", 5)]
    [InlineData("unsafe class A\n{\n    int F(B* b)\n    {\n        return b->C;\n    }\n}\n", 5)]
    [InlineData("unsafe class A\n{\n    ref byte At(long i)\n    {\n        return ref *(_p + i);\n    }\n}\n", 5)]
    public void An_access_without_a_reason_is_found(string text, int line) =>
        Assert.Equal([$"A.cs:{line}"], new SourceFile("A.cs", text).UnsafeWithoutReason());

    [Theory]
    [InlineData("class A\n{\n    void M()\n    {\n        // SAFETY: it is.\n        unsafe\n        {\n        }\n    }\n}\n")]
    [InlineData("unsafe class A\n{\n    byte* _p;\n\n    byte* P => _p;\n\n    int Product(int a, int b) => a * b;\n}\n")]
    [InlineData("class A\n{\n    string S => \"unsafe *p\"; // unsafe: no\n    int F(int a) => (a) * (a);\n}\n")]
    public void Code_with_a_reason_or_without_need_of_one_passes(string text) =>
        Assert.Empty(new SourceFile("A.cs", text).UnsafeWithoutReason());

    [Theory]
    [InlineData("    private static int s_count;")]
    [InlineData("    static int Count = 3;")]
    [InlineData("    public static unsafe byte* Pointer;")]
    [InlineData("    public static string? Name { get; set; }")]
    [InlineData("    public static string? Name { get; private set; } = null;")]
    [InlineData("    private static readonly Dictionary<int, string> Names = new();")]
    [InlineData("    public static List<int> Names { get; } = [];")]
    public void A_static_that_changes_is_found(string line) =>
        Assert.Equal(["A.cs:3"], new SourceFile("A.cs", $"class A\n{{\n{line}\n}}\n").MutableStatics());

    [Theory]
    [InlineData("    private static readonly int Count = List.Of(1);")]
    [InlineData("    public const int Count = 1;")]
    [InlineData("    public static string Name { get; } = F();")]
    [InlineData("    public static int F(int x = 1) { x = 2; return x; }")]
    [InlineData("    public static int F<T>() => 1;")]
    [InlineData("    public static int Count => 1;")]
    [InlineData("    public static readonly (int A, int B) Pair = (1, 2);")]
    [InlineData("    public static bool operator ==(A a, A b) => true;")]
    [InlineData("    private static partial class B { int _x = 1; }")]
    [InlineData("    [ThreadStatic]\n    private static int t_count;")]
    public void A_static_that_stays_passes(string line) =>
        Assert.Empty(new SourceFile("A.cs", $"class A\n{{\n{line}\n}}\n").MutableStatics());

    [Fact]
    public void Public_types_are_told_from_nested_and_internal_ones() => Assert.Equal(
        ["A", "B", "C", "D", "E"],
        new SourceFile("A.cs", """
            public sealed partial class A
            {
                public struct Nested;
            }
            public readonly record struct B<T>(int X);
            internal class Hidden;
            public enum C : byte { X }
            public delegate void D(int x);
            public interface E;
            // public class Comment
            """).PublicTypes);

    private static string Size(SourceFile file) => $"{file.Path} ({file.LineCount})";

    private static IEnumerable<SourceFile> In(string folder) => Sources.Where(file => IsIn(file, folder));

    private static bool IsIn(SourceFile file, string folder) => file.Path.StartsWith(folder, StringComparison.Ordinal);
}
