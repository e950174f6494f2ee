namespace GpuSvm.Svm.Tests.Ranges;

/// <summary>Which options a space takes.</summary>
public sealed class SpaceOptionTests
{
    private const ulong K = 1024;
    private const ulong M = 1024 * K;

    [Fact]
    public void The_defaults_are_those_of_the_original()
    {
        var options = new SvmSpaceOptions();

        Assert.Equal([2 * M, 64 * K, 4 * K], options.ChunkSizes);
        Assert.Equal((512 * M, TimeSpan.FromSeconds(1)), (options.NotifierSize, options.RetryLimit));
        Assert.Equal(Errno.None, Create(options));
    }

    [Theory]
    [InlineData(512 * M, new[] { 4 * K }, Errno.None)]
    [InlineData(2 * M, new[] { 2 * M, 4 * K }, Errno.None)]
    [InlineData(512 * M, new ulong[0], Errno.EINVAL)]
    [InlineData(512 * M, new[] { 2 * M, 64 * K }, Errno.EINVAL)]
    [InlineData(512 * M, new[] { 64 * K, 2 * M, 4 * K }, Errno.EINVAL)]
    [InlineData(512 * M, new[] { 4 * K, 4 * K }, Errno.EINVAL)]
    [InlineData(512 * M, new[] { 12 * K, 4 * K }, Errno.EINVAL)]
    [InlineData(512 * M, new[] { 4 * K, 2 * K }, Errno.EINVAL)]
    [InlineData(M, new[] { 2 * M, 4 * K }, Errno.EINVAL)]
    [InlineData(3 * M, new[] { 2 * M, 4 * K }, Errno.EINVAL)]
    [InlineData(0UL, new[] { 4 * K }, Errno.EINVAL)]
    public void Chunks_are_powers_of_two_that_fall_to_4_KiB_and_fit_a_notifier(ulong notifierSize, ulong[] chunks, Errno expected) =>
        Assert.Equal(expected, Create(new SvmSpaceOptions { NotifierSize = notifierSize, ChunkSizes = chunks }));

    [Theory]
    [InlineData(0x1000UL, 0x1000UL)]
    [InlineData(0x1800UL, 0x3000UL)]
    [InlineData(0x1000UL, 0x1_0000_0000_1000UL)]
    public void A_window_is_made_of_whole_pages_below_2_to_the_48(ulong start, ulong end) =>
        Assert.Equal(Errno.EINVAL, Create(new SvmSpaceOptions { Window = new AddressRange(start, end) }));

    [Fact]
    public void A_negative_limit_is_refused() =>
        Assert.Equal(Errno.EINVAL, Create(new SvmSpaceOptions { RetryLimit = TimeSpan.FromTicks(-1) }));

    [Fact]
    public void A_driver_may_give_its_own_lock_if_that_is_an_update_lock()
    {
        using var machine = new TestMachine();
        var own = new RankedLock(LockRank.Update);
        var options = new SvmSpaceOptions { NotifierLock = own };

        Assert.Equal(Errno.None, SvmSpace.TryCreate(machine.Mm, machine.Device, new RangeDriver(), options, out SvmSpace? space));
        Assert.Same(own, space!.NotifierLock);
        space.Dispose();
        Assert.Equal(Errno.EINVAL, Create(new SvmSpaceOptions { NotifierLock = new RankedLock(LockRank.Block) }));
    }

    private static Errno Create(SvmSpaceOptions options)
    {
        using var machine = new TestMachine();
        Errno error = SvmSpace.TryCreate(machine.Mm, machine.Device, new RangeDriver(), options, out SvmSpace? space);
        Assert.Equal(error == Errno.None, space is not null);
        space?.Dispose();
        return error;
    }
}
