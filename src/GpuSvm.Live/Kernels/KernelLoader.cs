using System.Reflection;
using System.Runtime.CompilerServices;

namespace GpuSvm.Live;

/// <summary>Finds the kernels that another process names, in the assembly files of that process.</summary>
/// <remarks>
/// Reflection is used once for a kernel. What is loaded stays so until the process ends. Locking: every member may be called from any
/// thread that holds no ranked lock.
/// </remarks>
internal sealed class KernelLoader
{
    private readonly RankedLock _lock = new(LockRank.Machine);
    private readonly Dictionary<string, Module> _modules = new(StringComparer.Ordinal);
    private readonly Dictionary<(Module Module, int Token), LoadedKernel> _kernels = [];

    /// <summary>The kernel that a reference names.</summary>
    /// <exception cref="KernelLoadException">
    /// The file is missing, is another build than the app's, or has no kernel at that place; or something it needs is missing.
    /// </exception>
    internal LoadedKernel Load(KernelReference reference)
    {
        ArgumentNullException.ThrowIfNull(reference);
        using RankedLock.Scope scope = _lock.Enter();
        try
        {
            Module module = ModuleAt(reference);
            if (!_kernels.TryGetValue((module, reference.MethodToken), out LoadedKernel? kernel))
            {
                kernel = Bind(module, reference);
                _kernels.Add((module, reference.MethodToken), kernel);
            }

            return kernel;
        }
        catch (Exception error) when (IsOfLoading(error))
        {
            throw new KernelLoadException(
                $"Kernel '{reference.Name}' cannot be loaded from '{reference.AssemblyPath}': {OneLine(error.Message)}", error);
        }
    }

    /// <summary>The reference to a kernel that is named, for an app that has not loaded its assembly.</summary>
    /// <param name="path">Path of the assembly.</param>
    /// <param name="type">Full name of the type.</param>
    /// <param name="method">Name of the method.</param>
    /// <exception cref="KernelLoadException">There is none, or more than one; the message names it.</exception>
    internal KernelReference Find(string path, string type, string method)
    {
        string name = $"{type}.{method}";
        using RankedLock.Scope scope = _lock.Enter();
        try
        {
            Module module = ModuleAt(path, name);
            MethodInfo[] found =
            [
                .. (module.GetType(type)?.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic) ?? [])
                    .Where(candidate => candidate.Name == method && candidate.GetParameters().Length == 2),
            ];
            return found.Length == 1
                ? new KernelReference
                {
                    AssemblyPath = path,
                    ModuleVersion = module.ModuleVersionId,
                    MethodToken = found[0].MetadataToken,
                    Name = name,
                    ArgsType = found[0].GetParameters()[1].ParameterType.ToString(),
                }
                : throw new KernelLoadException($"'{path}' has {found.Length} static methods '{name}' with two parameters, and 1 is expected.");
        }
        catch (Exception error) when (IsOfLoading(error))
        {
            throw new KernelLoadException($"Kernel '{name}' cannot be loaded from '{path}': {OneLine(error.Message)}", error);
        }
    }

    private Module ModuleAt(KernelReference reference)
    {
        Module module = ModuleAt(reference.AssemblyPath, reference.Name);
        if (module.ModuleVersionId != reference.ModuleVersion)
        {
            throw new KernelLoadException(
                $"The assembly of kernel '{reference.Name}' at '{reference.AssemblyPath}' is not the one that the app runs: its version is "
                + $"{module.ModuleVersionId} and the app's {reference.ModuleVersion}. Was it built anew meanwhile? Start the app again.");
        }

        return module;
    }

    private Module ModuleAt(string path, string kernel)
    {
        if (!_modules.TryGetValue(path, out Module? module))
        {
            if (!File.Exists(path))
            {
                throw new KernelLoadException(
                    $"The assembly of kernel '{kernel}' is not at '{path}', from where the app loaded it: was it moved meanwhile?");
            }

            module = new KernelLoadContext(path).LoadFromAssemblyPath(path).ManifestModule;
            _modules.Add(path, module);
        }

        return module;
    }

    private static LoadedKernel Bind(Module module, KernelReference reference)
    {
        if (module.ResolveMethod(reference.MethodToken) is not MethodInfo { IsStatic: true, ContainsGenericParameters: false } method
            || method.ReturnType != typeof(GpuTask)
            || method.GetParameters() is not [{ } thread, { } args]
            || thread.ParameterType != typeof(GpuThread)
            || args.ParameterType.ToString() != reference.ArgsType
            || !IsUnmanaged(args.ParameterType))
        {
            throw new KernelLoadException(
                $"Token 0x{reference.MethodToken:x8} of '{reference.AssemblyPath}' is not the kernel '{reference.Name}', "
                + $"a 'static GpuTask (GpuThread, {reference.ArgsType})'.");
        }

        Delegate kernel = method.CreateDelegate(typeof(GpuKernel<>).MakeGenericType(args.ParameterType));
        Type type = typeof(LoadedKernel<>).MakeGenericType(args.ParameterType);
        return (LoadedKernel)Activator.CreateInstance(type, kernel, reference.Name)!;
    }

    /// <summary>True for a struct without references, which is what <c>unmanaged</c> demands at compile time.</summary>
    private static bool IsUnmanaged(Type type) =>
        type.IsValueType
        && !(bool)typeof(RuntimeHelpers).GetMethod(nameof(RuntimeHelpers.IsReferenceOrContainsReferences))!
            .MakeGenericMethod(type).Invoke(null, null)!;

    private static bool IsOfLoading(Exception error) => error
        is IOException or UnauthorizedAccessException or BadImageFormatException or TypeLoadException or ArgumentException
        or InvalidOperationException or NotSupportedException;

    private static string OneLine(string text) => text.ReplaceLineEndings(" ");
}
