using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace GpuSvm.Architecture.Tests.PublicApi;

/// <summary>Public types as text, one line a type and one a member, in an order that does not depend on the build.</summary>
public static class ApiText
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(sbyte)] = "sbyte",
        [typeof(short)] = "short",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(nint)] = "nint",
        [typeof(nuint)] = "nuint",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(decimal)] = "decimal",
    };

    /// <summary>The lines of the given types, sorted by name.</summary>
    public static IEnumerable<string> Of(IEnumerable<Type> types) =>
        from type in types.OrderBy(Name, StringComparer.Ordinal)
        from line in Members(type).Order(StringComparer.Ordinal).Select(member => "    " + member).Prepend(Header(type))
        select line;

    private static string Header(Type type)
    {
        string kind = type.IsEnum ? $"enum {Name(type)} : {Name(Enum.GetUnderlyingType(type))}"
            : type.IsInterface ? $"interface {Name(type)}"
            : type.IsValueType ? $"struct {Name(type)}"
            : $"{(type.IsSealed ? type.IsAbstract ? "static " : "sealed " : type.IsAbstract ? "abstract " : "")}class {Name(type)}";
        IEnumerable<Type> bases = type.IsEnum ? [] : type.GetInterfaces().OrderBy(Name, StringComparer.Ordinal);
        if (type.BaseType is { } parent && parent != typeof(object) && parent != typeof(ValueType) && parent != typeof(Enum))
        {
            bases = bases.Prepend(parent);
        }

        string inherits = string.Join(", ", bases.Select(Name));
        return inherits.Length == 0 ? kind : $"{kind} : {inherits}";
    }

    private static IEnumerable<string> Members(Type type) =>
        from member in type.GetMembers(Declared)
        let text = Member(member)
        where text is not null
        select text;

    private static string? Member(MemberInfo member) => member switch
    {
        FieldInfo { DeclaringType.IsEnum: true, IsLiteral: true } field =>
            $"{field.Name} = {Convert.ToString(field.GetRawConstantValue(), CultureInfo.InvariantCulture)}",
        FieldInfo field when IsSeen(field.Attributes) && !field.IsSpecialName =>
            $"{(field.IsLiteral ? "const " : field.IsStatic ? "static " : "")}{Name(field.FieldType)} {field.Name}",
        ConstructorInfo constructor when IsSeen(constructor) => $"{Plain(constructor.DeclaringType!)}({Parameters(constructor)})",
        PropertyInfo property when property.GetAccessors(nonPublic: true).Any(IsSeen) && !IsGenerated(property) => Property(property),
        MethodInfo method when IsSeen(method) && !IsGenerated(method) && (!method.IsSpecialName || IsOperator(method)) =>
            $"{Static(method)}{Name(method.ReturnType)} {method.Name}{Arguments(method)}({Parameters(method)})",
        EventInfo @event when IsSeen(@event.AddMethod!) => $"event {Name(@event.EventHandlerType!)} {@event.Name}",
        _ => null,
    };

    private static string Property(PropertyInfo property)
    {
        string accessors = string.Join(" ", property.GetAccessors(nonPublic: true).Where(IsSeen)
            .Select(accessor => accessor.ReturnType != typeof(void) ? "get;" : IsInit(accessor) ? "init;" : "set;")
            .Order(StringComparer.Ordinal));
        string index = string.Join(", ", property.GetIndexParameters().Select(Parameter));
        string name = index.Length == 0 ? property.Name : $"this[{index}]";
        return $"{Static(property.GetAccessors(nonPublic: true)[0])}{Name(property.PropertyType)} {name} {{ {accessors} }}";
    }

    private static bool IsInit(MethodInfo setter) =>
        setter.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit));

    private static bool IsOperator(MethodInfo method) => method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static bool IsGenerated(MemberInfo member) => member.IsDefined(typeof(CompilerGeneratedAttribute));

    private static bool IsSeen(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsSeen(FieldAttributes field) =>
        (field & FieldAttributes.FieldAccessMask) is FieldAttributes.Public or FieldAttributes.Family or FieldAttributes.FamORAssem;

    private static string Static(MethodBase method) => method.IsStatic ? "static " : "";

    private static string Arguments(MethodInfo method) =>
        method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(Name))}>" : "";

    private static string Parameters(MethodBase method) => string.Join(", ", method.GetParameters().Select(Parameter));

    private static string Parameter(ParameterInfo parameter)
    {
        string way = !parameter.ParameterType.IsByRef ? "" : parameter.IsOut ? "out " : parameter.IsIn ? "in " : "ref ";
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        object constant = parameter.RawDefaultValue ?? "default";
        string value = parameter.HasDefaultValue ? string.Create(CultureInfo.InvariantCulture, $" = {constant}") : "";
        return $"{way}{Name(type)} {parameter.Name}{value}";
    }

    private static string Plain(Type type) => type.Name.Split('`')[0];

    private static string Name(Type type)
    {
        if (Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (type.IsByRef || type.IsPointer || type.IsArray)
        {
            string element = Name(type.GetElementType()!);
            return type.IsByRef ? $"ref {element}" : type.IsPointer ? $"{element}*" : $"{element}[]";
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return $"{Name(value)}?";
        }

        string outer = type is { IsNested: true, IsGenericParameter: false } ? $"{Plain(type.DeclaringType!)}." : "";
        return type.IsGenericType
            ? $"{outer}{Plain(type)}<{string.Join(", ", type.GetGenericArguments().Select(Name))}>"
            : $"{outer}{type.Name}";
    }
}
