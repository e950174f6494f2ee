using System.Reflection;

namespace GpuSvm.Docs.Tests.Infrastructure;

/// <summary>Every type and member of the projects under <c>src</c>, by name.</summary>
internal sealed class ApiIndex
{
    private const BindingFlags Everything =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private readonly Dictionary<string, Type> _types = new(StringComparer.Ordinal);
    private readonly HashSet<string> _shortNames = new(StringComparer.Ordinal);

    private ApiIndex(IEnumerable<Assembly> assemblies)
    {
        foreach (Type type in assemblies.SelectMany(assembly => assembly.GetTypes()).Where(type => !type.Name.Contains('<', StringComparison.Ordinal)))
        {
            string name = WithoutArity((type.FullName ?? type.Name).Replace('+', '.'));
            _types.TryAdd(name, type);
            _shortNames.Add(name[(name.LastIndexOf('.') + 1)..]);
        }
    }

    /// <summary>The assemblies of <c>src</c>, as they lie beside the tests.</summary>
    public static ApiIndex OfSource { get; } = new(
        Directory.GetDirectories(Repository.PathTo("src"))
            .Select(folder => Path.Combine(AppContext.BaseDirectory, Path.GetFileName(folder) + ".dll"))
            .Where(File.Exists)
            .Select(file => Assembly.Load(Path.GetFileNameWithoutExtension(file))));

    /// <summary>True for <c>Namespace.Type</c> and <c>Namespace.Type.Member</c>; nested types are separated by dots, type parameters left out.</summary>
    public bool Knows(string name) =>
        _types.ContainsKey(name) ||
        (name.LastIndexOf('.') is > 0 and int dot && _types.TryGetValue(name[..dot], out Type? type) && HasMember(type, name[(dot + 1)..]));

    /// <summary>True for the name of a type without its namespace, and for <c>Type.Member</c>.</summary>
    public bool KnowsShort(string name)
    {
        int dot = name.IndexOf('.', StringComparison.Ordinal);
        return dot < 0
            ? _shortNames.Contains(name)
            : _types.Any(type => type.Key.EndsWith("." + name[..dot], StringComparison.Ordinal) && HasMember(type.Value, name[(dot + 1)..]));
    }

    private static bool HasMember(Type type, string member)
    {
        for (Type? declaring = type; declaring is not null; declaring = declaring.BaseType)
        {
            if (declaring.GetMembers(Everything).Any(candidate => WithoutArity(candidate.Name) == member))
            {
                return true;
            }
        }

        return false;
    }

    private static string WithoutArity(string name) =>
        string.Join('.', name.Split('.').Select(part => part.IndexOf('`', StringComparison.Ordinal) is >= 0 and int tick ? part[..tick] : part));
}
