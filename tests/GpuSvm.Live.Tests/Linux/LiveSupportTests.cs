namespace GpuSvm.Live.Tests.Linux;

/// <summary>A machine that cannot do it says in one line what is missing.</summary>
[Collection("environment")]
public sealed class LiveSupportTests
{
    [Fact]
    public void A_kernel_with_all_required_features_lacks_nothing_whatever_else_it_has()
    {
        Assert.Null(LiveSupport.MissingFeatures(LiveSupport.Required));
        Assert.Null(LiveSupport.MissingFeatures((UffdFeatures)ulong.MaxValue));
    }

    [Fact]
    public void An_old_kernel_is_told_what_it_lacks_by_the_kernels_own_names()
    {
        string? missing = LiveSupport.MissingFeatures((UffdFeatures)0x1FFF);

        Assert.Equal($"the userfaultfd of kernel {LiveSupport.KernelRelease} lacks WP_UNPOPULATED, POISON", missing);
        Assert.Matches(@"^\d+\.\d+", LiveSupport.KernelRelease);
    }

    [Fact]
    public void Features_have_the_kernels_names_and_bits()
    {
        Assert.Equal(
            ["PAGEFAULT_FLAG_WP", "EVENT_REMAP", "EVENT_REMOVE", "MISSING_SHMEM", "EVENT_UNMAP", "THREAD_ID", "MINOR_SHMEM",
             "WP_HUGETLBFS_SHMEM", "WP_UNPOPULATED", "POISON"],
            LiveSupport.FeatureNames(LiveSupport.Required));
        Assert.Equal(0x756DUL, (ulong)LiveSupport.Required);
        Assert.Equal(["MOVE", "BIT_63"], LiveSupport.FeatureNames(UffdFeatures.Move | (UffdFeatures)(1UL << 63)));
    }

    [Fact]
    public void A_variable_switches_it_off_anywhere()
    {
        string? before = Environment.GetEnvironmentVariable(LiveSupport.OffVariable);
        try
        {
            Environment.SetEnvironmentVariable(LiveSupport.OffVariable, "1");
            Assert.Equal("userfaultfd is switched off by GPUSVM_NO_USERFAULTFD=1", LiveSupport.Missing);
        }
        finally
        {
            Environment.SetEnvironmentVariable(LiveSupport.OffVariable, before);
        }
    }

    /// <summary>Tests that change the environment of the process run alone.</summary>
    [CollectionDefinition("environment", DisableParallelization = true)]
    public sealed class EnvironmentCollection;
}
