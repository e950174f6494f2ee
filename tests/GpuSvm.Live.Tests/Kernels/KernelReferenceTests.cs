using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.Loader;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Tests.Kernels;

/// <summary>What another process can load has a reference; all else gets one clear error.</summary>
public sealed class KernelReferenceTests
{
    [Fact]
    public void A_reference_says_file_build_method_and_arguments()
    {
        MethodInfo method = typeof(TestKernels.Inner).GetMethod("Kernel")!;

        Assert.Equal(
            new KernelReference
            {
                AssemblyPath = method.Module.FullyQualifiedName,
                ModuleVersion = method.Module.ModuleVersionId,
                MethodToken = method.MetadataToken,
                Name = "GpuSvm.Live.Programs.Kernels.TestKernels+Inner.Kernel",
                ArgsType = "GpuSvm.Live.Programs.Kernels.TestKernels+Inner+Mixed",
            },
            KernelReference.Of(TestKernels.NestedKernel));
    }

    [Fact]
    public void Lambdas_are_refused()
    {
        int captured = GetHashCode();
        AssertNotStatic(async (t, a) => await t.Yield());
        AssertNotStatic(static async (t, a) => await t.Yield());
        AssertNotStatic(async (t, a) => await t.Store(1UL, captured));
    }

    [Fact]
    public void A_local_function_that_captures_is_refused()
    {
        int captured = GetHashCode();
        AssertNotStatic(Local);

        async GpuTask Local(GpuThread t, int a) => await t.Store(1UL, captured);
    }

    [Fact]
    public void An_instance_method_is_refused() => AssertNotStatic(Instance);

    [Fact]
    public void A_static_method_bound_to_an_object_is_refused() => AssertNotStatic("object".Extension);

    [Fact]
    public void More_than_one_method_is_refused()
    {
        GpuKernel<int> kernel = TestKernels.Count;
        AssertNotStatic(kernel + kernel);
    }

    [Fact]
    public void Generic_methods_and_methods_of_generic_types_are_refused()
    {
        Assert.Equal(
            "A kernel must be a plain method of a plain type, and 'GpuSvm.Live.Programs.Kernels.TestKernels.OfGeneric' is generic: "
            + "write it as 'static async GpuTask Name(GpuThread t, Int32 a)' and pass its name. "
            + "The engine process finds a kernel by its place in the "
            + "assembly, which type arguments are no part of. (Parameter 'kernel')",
            Refusal(TestKernels.OfGeneric<int>));
        Assert.Contains("Kernel' is generic: ", Refusal(TestKernels.OfGenericType<int>.Kernel), StringComparison.Ordinal);
    }

    [Fact]
    public void An_assembly_without_a_file_is_refused()
    {
        var context = new AssemblyLoadContext("from memory");
        using var image = new MemoryStream(File.ReadAllBytes(KernelRig.AssemblyPath));

        Assert.Equal(
            "A kernel's assembly must be a file, which the engine process loads, and 'GpuSvm.Live.Programs', which has "
            + "'GpuSvm.Live.Programs.Kernels.TestKernels.Private', is none: load it from a file, and publish the app without "
            + "PublishSingleFile. (Parameter 'kernel')",
            Refusal(PrivateKernelOf(context.LoadFromStream(image))));
    }

    [Fact]
    public void An_assembly_that_can_be_unloaded_is_refused()
    {
        var context = new AssemblyLoadContext("plug-in", isCollectible: true);

        Assert.Equal(
            "A kernel's assembly must stay loaded, as the engine process keeps it for ever, and that of "
            + "'GpuSvm.Live.Programs.Kernels.TestKernels.Private' can be unloaded: load it into a context that is not collectible. "
            + "(Parameter 'kernel')",
            Refusal(PrivateKernelOf(context.LoadFromAssemblyPath(KernelRig.AssemblyPath))));
        context.Unload();
    }

    [Fact]
    public void A_method_made_at_run_time_is_refused()
    {
        var method = new DynamicMethod("Made", typeof(GpuTask), [typeof(GpuThread), typeof(int)]);
        Emit(method.GetILGenerator());
        TypeBuilder type = AssemblyBuilder.DefineDynamicAssembly(new AssemblyName("Emitted"), AssemblyBuilderAccess.Run)
            .DefineDynamicModule("Emitted").DefineType("Holder", TypeAttributes.Public);
        Emit(type.DefineMethod("Made", MethodAttributes.Public | MethodAttributes.Static, typeof(GpuTask), [typeof(GpuThread), typeof(int)])
            .GetILGenerator());

        Assert.Equal(
            "A kernel must be compiled into an assembly's file, which the engine process loads, and 'Made' was made at run time: "
            + "write it in C#. (Parameter 'kernel')",
            Refusal(method.CreateDelegate<GpuKernel<int>>()));
        Assert.Contains(
            "'Holder.Made' was made at run time", Refusal(type.CreateType().GetMethod("Made")!.CreateDelegate<GpuKernel<int>>()),
            StringComparison.Ordinal);
    }

    private static void Emit(ILGenerator code)
    {
        code.Emit(OpCodes.Ldnull);
        code.Emit(OpCodes.Throw);
    }

    private static GpuKernel<int> PrivateKernelOf(Assembly copy) =>
        (GpuKernel<int>)copy.GetType(typeof(TestKernels).FullName!)!.GetProperty(nameof(TestKernels.PrivateKernel))!.GetValue(null)!;

    private static void AssertNotStatic(GpuKernel<int> kernel) => Assert.Equal(
        $"A kernel must be one static method, and '{kernel.Method.Name}' is not: write it as "
        + "'static async GpuTask Name(GpuThread t, Int32 a)' and pass its name. "
        + "A lambda, static or not, and an instance method carry an object along. (Parameter 'kernel')",
        Refusal(kernel));

    private static string Refusal(GpuKernel<int> kernel) => Assert.Throws<ArgumentException>(() => KernelReference.Of(kernel)).Message;

    private async GpuTask Instance(GpuThread t, int a) => await t.Store(1UL, GetHashCode());
}
