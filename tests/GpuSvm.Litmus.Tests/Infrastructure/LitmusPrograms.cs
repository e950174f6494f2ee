namespace GpuSvm.Litmus.Tests;

/// <summary>The litmus programs of this assembly, by name.</summary>
internal static class LitmusPrograms
{
    private static readonly Type[] Types = [.. typeof(ILitmusProgram).Assembly.GetTypes()
        .Where(type => type is { IsClass: true, IsAbstract: false } && type.IsAssignableTo(typeof(ILitmusProgram)))];

    /// <summary>Their names, in order.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Types.Select(NameOf).Order(StringComparer.Ordinal)];

    /// <summary>A program, ready for its first round, or null where there is none of the name.</summary>
    public static ILitmusProgram? Make(string name) =>
        Array.Find(Types, type => NameOf(type) == name) is { } type ? (ILitmusProgram)Activator.CreateInstance(type)! : null;

    /// <summary>The name of a type is the name of the program, with hyphens between its words.</summary>
    private static string NameOf(Type type) =>
        string.Concat(type.Name.Select((c, i) => char.IsUpper(c) && i > 0 ? $"-{char.ToLowerInvariant(c)}" : $"{char.ToLowerInvariant(c)}"));
}
