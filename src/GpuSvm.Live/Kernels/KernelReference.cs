using System.Reflection;

namespace GpuSvm.Live;

/// <summary>Says which method of which assembly file is a kernel, so that another process can load it.</summary>
internal sealed record KernelReference
{
    /// <summary>Absolute path of the assembly's file.</summary>
    public required string AssemblyPath { get; init; }

    /// <summary>Differs for every build of the assembly: the file may have been built anew since the app loaded it.</summary>
    public required Guid ModuleVersion { get; init; }

    /// <summary>The method's metadata token, which is its name within one build: local functions and overloads have one too.</summary>
    public required int MethodToken { get; init; }

    /// <summary>Type and method, for messages.</summary>
    public required string Name { get; init; }

    /// <summary>Type of the arguments, for messages.</summary>
    public required string ArgsType { get; init; }

    /// <summary>The reference to a kernel of this process.</summary>
    /// <exception cref="ArgumentException">
    /// <paramref name="kernel"/> is no static method, is generic, or lies in no file that another process could load.
    /// </exception>
    internal static KernelReference Of<TArgs>(GpuKernel<TArgs> kernel)
        where TArgs : unmanaged
    {
        MethodInfo method = KernelMethod.DemandStatic(kernel);
        string name = method.DeclaringType is { } owner ? $"{owner.FullName}.{method.Name}" : method.Name;
        Module module = method.Module;
        if (method.DeclaringType is not { } type || module.Assembly.IsDynamic)
        {
            throw new ArgumentException(
                $"A kernel must be compiled into an assembly's file, which the engine process loads, and '{name}' was made at run time: "
                + "write it in C#.",
                nameof(kernel));
        }

        if (method.IsGenericMethod || type.IsGenericType)
        {
            throw KernelMethod.Refusal(
                kernel, $"A kernel must be a plain method of a plain type, and '{name}' is generic",
                "The engine process finds a kernel by its place in the assembly, which type arguments are no part of.");
        }

        if (module.Assembly.IsCollectible)
        {
            throw new ArgumentException(
                $"A kernel's assembly must stay loaded, as the engine process keeps it for ever, and that of '{name}' can be unloaded: "
                + "load it into a context that is not collectible.",
                nameof(kernel));
        }

        if (module.Assembly.Location is not { Length: > 0 } path)
        {
            throw new ArgumentException(
                $"A kernel's assembly must be a file, which the engine process loads, and '{module.Assembly.GetName().Name}', which has "
                + $"'{name}', is none: load it from a file, and publish the app without PublishSingleFile.",
                nameof(kernel));
        }

        return new KernelReference
        {
            AssemblyPath = path,
            ModuleVersion = module.ModuleVersionId,
            MethodToken = method.MetadataToken,
            Name = name,
            ArgsType = typeof(TArgs).ToString(),
        };
    }
}
