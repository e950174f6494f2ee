using GpuSvm.Core;
using GpuSvm.Live.Programs.Kernels;

namespace GpuSvm.Live.Tests.Kernels;

/// <summary>A kernel is found in its assembly's file by what its reference says, and is the one that the app has.</summary>
public sealed class KernelLoaderTests : IDisposable
{
    private readonly KernelRig _rig = new();

    public void Dispose() => _rig.Dispose();

    [Fact]
    public void A_kernel_reaches_memory_with_its_arguments()
    {
        LaunchResult r = _rig.Launch(TestKernels.Store, new Pair<int, ulong>(41, KernelRig.Base + 16));

        Assert.Equal(LaunchStatus.Completed, r.Status);
        Assert.Equal([0UL, 0UL, 41UL, 0UL], _rig.Words[..4].ToArray());
    }

    [Fact]
    public void Static_fields_are_the_loaded_copys_own_and_live_as_long_as_it()
    {
        int before = TestKernels.Counted;

        Assert.Equal(LaunchStatus.Completed, _rig.Launch(TestKernels.Count, 5, threads: 2).Status);

        Assert.Equal("17", _rig.Launch(TestKernels.CountAndTell, 7).Exception!.Message);
        Assert.Equal(before, TestKernels.Counted);
    }

    [Fact]
    public void A_private_kernel_is_found() =>
        Assert.Equal("private 7", _rig.Launch(TestKernels.PrivateKernel, 7).Exception!.Message);

    [Fact]
    public void A_static_local_function_is_found() =>
        Assert.Equal("local 7", _rig.Launch(TestKernels.StaticLocalKernel, 7).Exception!.Message);

    [Fact]
    public void A_nested_kernels_arguments_keep_padding_enums_flags_letters_and_generic_structs()
    {
        var args = new TestKernels.Inner.Mixed
        {
            Flag = true,
            Letter = 'ß',
            Day = DayOfWeek.Friday,
            Pair = new Pair<int, long>(-1, long.MinValue),
            Address = 0x1234,
        };

        LaunchResult r = _rig.Launch(TestKernels.NestedKernel, args);

        Assert.Equal($"True ß Friday -1 {long.MinValue} {args.Address}", r.Exception!.Message);
    }

    [Fact]
    public void What_a_kernel_depends_on_is_loaded_beside_it_and_not_shared() =>
        Assert.Equal($"Printable {KernelRig.AssemblyPath}", _rig.Launch(TestKernels.UseDependency, (int)'a').Exception!.Message);

    [Fact]
    public void What_a_kernel_throws_is_of_the_loaded_copys_types()
    {
        Exception thrown = _rig.Launch(TestKernels.PrivateKernel, 7).Exception!;

        Assert.Equal(typeof(OwnException).FullName, thrown.GetType().FullName);
        Assert.IsNotType<OwnException>(thrown);
    }

    [Fact]
    public void A_kernel_is_bound_once()
    {
        KernelReference reference = KernelReference.Of(TestKernels.PrivateKernel);

        Assert.Same(_rig.Loader.Load(reference), _rig.Loader.Load(reference with { Name = "another" }));
        Assert.NotSame(_rig.Loader.Load(reference), _rig.Loader.Load(KernelReference.Of<int>(TestKernels.Count)));
    }

    [Fact]
    public void Threads_that_load_at_once_get_the_same_kernel()
    {
        KernelReference reference = KernelReference.Of(TestKernels.PrivateKernel);
        var loaded = new LoadedKernel[4];
        SvmThread[] threads =
            [.. Enumerable.Range(0, 4).Select(i => SvmThread.Start($"loader {i}", () => loaded[i] = _rig.Loader.Load(reference)))];
        foreach (SvmThread thread in threads)
        {
            thread.Join();
        }

        Assert.Single(loaded.Distinct());
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(0)]
    public void Arguments_of_another_size_are_refused(int size)
    {
        LoadedKernel kernel = _rig.Loader.Load(KernelReference.Of(TestKernels.PrivateKernel));

        ArgumentException error = Assert.Throws<ArgumentException>(() => _rig.Launch(kernel, new byte[size]));

        Assert.Equal(
            "Kernel 'GpuSvm.Live.Programs.Kernels.TestKernels.Private' takes System.Int32, which has 4 bytes, "
            + $"and was given {size}. (Parameter 'args')",
            error.Message);
    }

    [Fact]
    public void Another_build_of_the_assembly_is_refused_before_and_after_it_is_loaded()
    {
        KernelReference reference = KernelReference.Of(TestKernels.PrivateKernel);
        var other = new Guid("12345678-1234-1234-1234-123456789abc");
        string expected =
            $"The assembly of kernel 'GpuSvm.Live.Programs.Kernels.TestKernels.Private' at '{KernelRig.AssemblyPath}' is not the one that "
            + $"the app runs: its version is {reference.ModuleVersion} and the app's {other}. "
            + "Was it built anew meanwhile? Start the app again.";

        Assert.Equal(expected, Refusal(reference with { ModuleVersion = other }));
        _rig.Loader.Load(reference);
        Assert.Equal(expected, Refusal(reference with { ModuleVersion = other }));
    }

    [Fact]
    public void A_missing_file_is_refused()
    {
        KernelReference reference = KernelReference.Of(TestKernels.PrivateKernel) with { AssemblyPath = "/nowhere/App.dll" };

        Assert.Equal(
            "The assembly of kernel 'GpuSvm.Live.Programs.Kernels.TestKernels.Private' is not at '/nowhere/App.dll', "
            + "from where the app loaded it: was it moved meanwhile?",
            Refusal(reference));
    }

    [Fact]
    public void A_file_that_is_no_assembly_is_refused_on_one_line()
    {
        string path = Path.GetTempFileName();
        try
        {
            string message = Refusal(KernelReference.Of(TestKernels.PrivateKernel) with { AssemblyPath = path });

            Assert.StartsWith(
                $"Kernel 'GpuSvm.Live.Programs.Kernels.TestKernels.Private' cannot be loaded from '{path}': ",
                message,
                StringComparison.Ordinal);
            Assert.DoesNotContain('\n', message);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public void A_place_that_has_no_such_kernel_is_refused()
    {
        KernelReference reference = KernelReference.Of(TestKernels.PrivateKernel);
        int text = typeof(TestKernels).GetMethod(nameof(TestKernels.Text))!.MetadataToken;
        int generic = typeof(TestKernels).GetMethod(nameof(TestKernels.OfGeneric))!.MetadataToken;
        int noTask = typeof(TestKernels).GetProperty(nameof(TestKernels.Counted))!.GetMethod!.MetadataToken;

        Assert.Equal(
            $"Token 0x{reference.MethodToken:x8} of '{KernelRig.AssemblyPath}' is not the kernel "
            + "'GpuSvm.Live.Programs.Kernels.TestKernels.Private', a 'static GpuTask (GpuThread, System.Int64)'.",
            Refusal(reference with { ArgsType = "System.Int64" }));
        foreach (KernelReference wrong in new[]
            {
                reference with { MethodToken = text, ArgsType = "System.String" },
                reference with { MethodToken = generic, ArgsType = "T" },
                reference with { MethodToken = noTask },
            })
        {
            Assert.StartsWith($"Token 0x{wrong.MethodToken:x8} of ", Refusal(wrong), StringComparison.Ordinal);
        }

        Assert.StartsWith(
            $"Kernel '{reference.Name}' cannot be loaded from ",
            Refusal(reference with { MethodToken = 0x0600_ffff }),
            StringComparison.Ordinal);
    }

    private string Refusal(KernelReference reference) =>
        Assert.Throws<KernelLoadException>(() => _rig.Loader.Load(reference)).Message;
}
