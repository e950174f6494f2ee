using System.Reflection;
using System.Reflection.Metadata;
using System.Reflection.Metadata.Ecma335;
using System.Text.RegularExpressions;

namespace GpuSvm.Scenarios;

/// <summary>Where the instructions of an assembly come from: read from the portable PDB that lies beside it.</summary>
internal sealed partial class MethodSource : IDisposable
{
    private readonly MetadataReaderProvider _pdb;
    private readonly MetadataReader _reader;
    private readonly string _project;

    /// <summary>Opens the symbols of an assembly.</summary>
    /// <exception cref="IOException">There are none.</exception>
    public MethodSource(Assembly assembly)
    {
        _project = assembly.GetName().Name!;
        _pdb = MetadataReaderProvider.FromPortablePdbStream(File.OpenRead(Path.ChangeExtension(assembly.Location, ".pdb")));
        _reader = _pdb.GetMetadataReader();
    }

    /// <summary>The statement that an instruction belongs to; null for code that the compiler made up.</summary>
    /// <param name="method">A method of the assembly.</param>
    /// <param name="offset">Offset of the instruction.</param>
    /// <param name="point">What it calls.</param>
    public SchedulePointSite? Find(MethodBase method, int offset, string point)
    {
        var handle = (MethodDefinitionHandle)MetadataTokens.Handle(method.MetadataToken);
        SequencePoint? found = null;
        foreach (SequencePoint statement in _reader.GetMethodDebugInformation(handle).GetSequencePoints())
        {
            if (statement.Offset > offset)
            {
                break;
            }

            found = statement.IsHidden ? found : statement;
        }

        return found is { } at ? new SchedulePointSite(FileOf(at.Document), NameOf(method), at.StartLine, point) : null;
    }

    /// <summary>Type and method as they are called in the source.</summary>
    public static string CallOf(MethodBase callee)
    {
        string name = NameOf(callee);
        for (Type? type = callee.DeclaringType; type is not null; type = type.DeclaringType)
        {
            name = $"{type.Name.Split('`')[0]}.{name}";
        }

        return name;
    }

    public void Dispose() => _pdb.Dispose();

    /// <summary>The name in the source: lambdas and state machines carry that of their method in angle brackets.</summary>
    private static string NameOf(MethodBase method)
    {
        foreach (string name in (string[])[method.Name, method.DeclaringType?.Name ?? ""])
        {
            if (InBrackets().Match(name) is { Success: true } made)
            {
                return made.Groups["name"].Value is "ctor" ? "new" : made.Groups["name"].Value;
            }
        }

        return method.IsConstructor ? "new" : Accessor().Replace(method.Name[(method.Name.LastIndexOf('.') + 1)..], "");
    }

    private string FileOf(DocumentHandle document)
    {
        string path = _reader.GetString(_reader.GetDocument(document).Name).Replace('\\', '/');
        return path[Math.Max(0, path.LastIndexOf($"/{_project}/", StringComparison.Ordinal) + 1)..];
    }

    [GeneratedRegex(@"^<\.?(?<name>\w+)>", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex InBrackets();

    [GeneratedRegex(@"^(get|set)_", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Accessor();
}
