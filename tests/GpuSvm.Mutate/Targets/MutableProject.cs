using System.Collections.Immutable;
using System.Text;
using System.Text.Json;
using GpuSvm.Mutate.Edits;
using GpuSvm.Mutate.Killers;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.Text;

namespace GpuSvm.Mutate.Targets;

/// <summary>A project as the build compiles it, ready to be compiled again with one file changed.</summary>
/// <remarks>The build tells its own command line: references, symbols and options are those of Release; analyzers are left out.</remarks>
public sealed class MutableProject
{
    private static readonly string[] Question =
    [
        "-property:Configuration=Release", "-property:BuildProjectReferences=false", "-property:ProvideCommandLineArgs=true",
        "-property:SkipCompilerExecution=true", "-property:NonExistentFile=none", "-target:Compile", "-getItem:CscCommandLineArgs",
        "-noLogo",
    ];

    private readonly string _root;
    private readonly CSharpCompilation _compilation;

    private MutableProject(string root, Target target, CSharpCompilation compilation)
    {
        _root = root;
        _compilation = compilation;
        Target = target;
        Mutations = [.. target.Paths(root).SelectMany(path => MutationFinder.Find(path, TreeOf(path)))];
    }

    /// <summary>What of it is mutated.</summary>
    public Target Target { get; }

    /// <summary>All mutations, in order.</summary>
    public IReadOnlyList<Mutation> Mutations { get; }

    /// <summary>Asks the build how it compiles a project, and reads its sources.</summary>
    /// <exception cref="InvalidOperationException">The build does not answer, or the code as it is does not compile.</exception>
    public static async Task<MutableProject> LoadAsync(string root, Target target)
    {
        string folder = Path.Combine(root, "src", target.Project);
        ChildResult answer = await ChildRun.RunAsync(folder, 0, ["dotnet", "msbuild", .. Question], CancellationToken.None)
            .ConfigureAwait(false);
        if (answer.ExitCode != 0)
        {
            throw new InvalidOperationException($"{target.Project} does not tell how it is compiled: {answer.Output}");
        }

        CSharpCommandLineArguments arguments = CSharpCommandLineParser.Default.Parse(ItemsOf(answer.Output), folder, sdkDirectory: null);
        CSharpParseOptions parsing = arguments.ParseOptions.WithDocumentationMode(DocumentationMode.None);
        var compilation = CSharpCompilation.Create(
            target.Project,
            arguments.SourceFiles.Select(file => CSharpSyntaxTree.ParseText(Read(file.Path), parsing, file.Path)),
            arguments.MetadataReferences.Select(reference => MetadataReference.CreateFromFile(reference.Reference, reference.Properties)),
            arguments.CompilationOptions
                .WithGeneralDiagnosticOption(ReportDiagnostic.Suppress)
                .WithSpecificDiagnosticOptions(ImmutableDictionary<string, ReportDiagnostic>.Empty));
        return compilation.GetDiagnostics().FirstOrDefault(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error) is { } error
            ? throw new InvalidOperationException($"{target.Project} does not compile as it is: {error}")
            : new MutableProject(root, target, compilation);
    }

    /// <summary>Compiles the project with a mutation.</summary>
    /// <returns>The assembly, or null where the mutated code is no C#.</returns>
    public byte[]? Compile(Mutation mutation)
    {
        SyntaxTree tree = TreeOf(mutation.File);
        using var assembly = new MemoryStream();
        return _compilation.ReplaceSyntaxTree(tree, tree.WithChangedText(mutation.Apply(tree.GetText()))).Emit(assembly).Success
            ? assembly.ToArray()
            : null;
    }

    private static IEnumerable<string> ItemsOf(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return
        [
            .. document.RootElement.GetProperty("Items").GetProperty("CscCommandLineArgs").EnumerateArray()
                .Select(item => item.GetProperty("Identity").GetString()!),
        ];
    }

    private static SourceText Read(string path) => SourceText.From(File.ReadAllText(path), Encoding.UTF8);

    private SyntaxTree TreeOf(string path) => _compilation.SyntaxTrees.Single(tree => tree.FilePath == Path.Combine(_root, path));
}
