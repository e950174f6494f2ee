using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.Loader;

namespace GpuSvm.Live;

/// <summary>The assemblies of one app, apart from the engine's own: the app's file, and what lies beside it.</summary>
/// <remarks>
/// Shared with the engine is only what must be: the framework, and the assembly of <see cref="GpuKernel{TArgs}"/> with what it refers to,
/// for a kernel's signature names their types. An app that brings a newer assembly than the framework has gets its own.
/// </remarks>
internal sealed class KernelLoadContext : AssemblyLoadContext
{
    private static readonly Assembly Contract = typeof(GpuThread).Assembly;

    private readonly AssemblyDependencyResolver _resolver;

    /// <summary>Makes a context that loads dependencies as the app does: by its .deps.json, or else from its folder.</summary>
    /// <param name="assemblyPath">The app's assembly; the file exists.</param>
    internal KernelLoadContext(string assemblyPath)
        : base(assemblyPath) =>
        _resolver = new AssemblyDependencyResolver(assemblyPath);

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        if (IsContract(assemblyName))
        {
            return GetLoadContext(Contract)!.LoadFromAssemblyName(assemblyName);
        }

        return !IsFramework(assemblyName) && _resolver.ResolveAssemblyToPath(assemblyName) is { } path
            ? LoadFromAssemblyPath(path)
            : null;
    }

    /// <inheritdoc/>
    protected override nint LoadUnmanagedDll(string unmanagedDllName) =>
        _resolver.ResolveUnmanagedDllToPath(unmanagedDllName) is { } path ? LoadUnmanagedDllFromPath(path) : 0;

    private static bool IsContract(AssemblyName name) =>
        name.Name == Contract.GetName().Name || Contract.GetReferencedAssemblies().Any(reference => reference.Name == name.Name);

    private static bool IsFramework(AssemblyName name)
    {
        string path = Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), $"{name.Name}.dll");
        return File.Exists(path) && AssemblyName.GetAssemblyName(path).Version >= name.Version;
    }
}
